// The search of the book: ranks the places of search-index.js, which search.py writes.
const { pages, places, also } = bookIndex;

// A word is a Greek letter, a number, or letters. A hyphen, an underscore
// or an apostrophe joins words.
const GREEK = ("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi "
  + "rho sigma sigma tau upsilon phi chi psi omega").split(" "); // sigma ends words in a form of its own
const LETTER = String.raw`[\p{Script=Greek}µ]`;
const PART = String.raw`(?:${LETTER}|\d+(?:[.,]\d+)+|(?:(?!${LETTER})[\p{L}\p{M}\p{N}])+)`;
const JOINT = "[-_‐‑'’]";
const JOINTS = new RegExp(JOINT);
const WORDS = new RegExp(`${PART}(?:${JOINT}${PART})*`, "gu");

const once = (work, known = new Map()) => (word) => {
  if (!known.has(word)) known.set(word, work(word));
  return known.get(word);
};
const simple = once((word) =>
  word.normalize("NFKC").toLowerCase().replace(/(?<=\d),(?=\d{3}(?!\d))/g, "")
    .replace(/[α-ω]/g, (letter) => GREEK[letter.charCodeAt() - 0x3b1] ?? letter));

// Words that mean the same to a reader have the same stem, also British and American ones.
const stemmer = new Stemmer();
const stem = once((word) =>
  stemmer.stemWord(word.replace(/isation/, "ization").replace(/is(e[drs]?|ing)$/, "iz$1")
    .replace(/(?<=\w{3})our/, "or")));

// The words of a text: what each is, with its hyphens gone, and of which words it is joined.
function* wordsOf(text) {
  for (const found of text.matchAll(WORDS)) {
    const parts = found[0].split(JOINTS).map(simple);
    yield {
      word: parts.join(""),
      parts,
      start: found.index,
      end: found.index + found[0].length,
    };
  }
}
const forms = ({ word, parts }) => (parts.length > 1 ? [word, ...parts] : parts);
const allForms = (text) => [...wordsOf(text)].flatMap(forms);
const sequence = (words, as = (word) => word) =>
  ` ${words.flatMap(({ parts }) => parts.map(as)).join(" ")} `;

// For each word of the book, how often each place has it.
const vocabulary = new Map();
places.forEach((place, at) => {
  place.headings = (place.names ?? [place.title]).map(allForms);
  place.explains = (place.explains ?? []).map(allForms);
  const prose = [...wordsOf(`${place.title}. ${place.text}`)];
  place.sequence = sequence(prose);
  const text = [...prose.flatMap(forms), ...allForms(place.code ?? ""), ...place.explains.flat()];
  place.length = text.length;
  for (const word of text) {
    if (!vocabulary.has(word)) vocabulary.set(word, new Map());
    const counts = vocabulary.get(word);
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
});

// How well a word answers the one asked for: itself, another form of it, or longer.
const likeness = (asked, word) =>
  asked === word ? 1
    : asked.slice(0, 2) !== word.slice(0, 2) ? 0 // stems are slow to find
    : stem(asked) === stem(word) ? 0.9
      : asked.length > 3 && word.startsWith(asked) ? 0.5
        : 0;
const best = (numbers) => Math.max(0, ...numbers);
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const meanLength = sum(places.map((place) => place.length)) / places.length;

// A term is what the reader asked for once, as several ways to say it, each a list of words.
const inWords = (term, words) =>
  best(term.ways.map((way) =>
    Math.min(...way.map((asked) => best(words.map((word) => likeness(asked, word)))))));

function counted(term) {
  const result = new Map();
  for (const way of term.ways) {
    const each = way.map((asked) => {
      const counts = new Map();
      for (const [word, uses] of vocabulary) {
        const like = likeness(asked, word);
        if (like) for (const [at, n] of uses) counts.set(at, (counts.get(at) ?? 0) + like * n);
      }
      return counts;
    });
    for (const [at] of each[0]) {
      const least = Math.min(...each.map((counts) => counts.get(at) ?? 0));
      result.set(at, Math.max(least, result.get(at) ?? 0));
    }
  }
  return result;
}

// How many letters to change, leave out, add or swap to get from one word to the other.
function distance(a, b) {
  const rows = [[...Array(b.length + 1).keys()]];
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      rows[i][j] = Math.min(
        rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] !== b[j - 1]),
        a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2][j - 2] + 1 : Infinity,
      );
    }
  }
  return rows[a.length][b.length];
}

function corrected(word) {
  const near = word.length > 7 ? 2 : word.length > 3 ? 1 : 0;
  if (!near || /\d/.test(word) || GREEK.includes(word)) return undefined;
  const close = [...vocabulary].filter(([known, uses]) =>
    uses.size > 1 && Math.abs(known.length - word.length) <= near)
    .map(([known, uses]) => [distance(word, known), -uses.size, known])
    .filter(([far]) => far <= near)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return close[0]?.[2];
}

const named = also.map((names) => names.map((name) => [...wordsOf(name)].map(({ word }) => word)));
const synonyms = (word) =>
  named.filter((ways) => ways.some((way) => way.length === 1 && stem(way[0]) === stem(word)))
    .flat().filter((way) => way.join(" ") !== word);

// Beside Sphinx's stop words those of questions.
const idle = new Set([...stopwords, ...(
  "am can cant could did didnt do does doesnt dont get had has have how i isnt me my our should so "
  + "what when where which who why wont would you your").split(" ")]);
const telling = (words) => words.filter((word) => !idle.has(word));

// The reader's terms: no word twice, no idle words beside others, no more than make sense.
function termsOf(query) {
  const all = new Map([...wordsOf(query)].map((term) => [term.word, term.parts]));
  const words = telling([...all.keys()]);
  return (words.length ? words : [...all.keys()]).slice(0, 20).map((word) => {
    const term = { word, ways: [[word], ...synonyms(word)] };
    if (!counted(term).size) term.ways = [all.get(word)]; // not written as one word here
    return term;
  });
}

function search(query) {
  const terms = termsOf(query);
  const changes = [];
  for (const [i, term] of terms.entries()) {
    // Two words that the book writes as one.
    const pair = term.word + (terms[i + 1]?.word ?? "");
    if (i + 1 < terms.length && vocabulary.has(pair)) {
      term.ways.push([pair]);
      terms[i + 1].ways.push([pair]);
    }
    term.counts = counted(term);
    if (term.counts.size) continue;
    const other = corrected(term.word);
    if (!other) continue;
    changes.push(term.word);
    term.ways = [[other]];
    term.counts = counted(term);
  }

  // A rare word says more than one that is everywhere.
  const weights = terms.map(({ counts }) => Math.log(1 + places.length / (1 + counts.size)));
  const mean = (numbers) => sum(numbers.map((n, i) => n * weights[i])) / sum(weights);

  const perPage = terms.map((term) => {
    const sums = pages.map(() => 0);
    for (const [at, n] of term.counts) sums[places[at].page] += n;
    return sums;
  });
  const about = pages.map((_, page) => mean(perPage.map((sums) => sums[page] / (best(sums) || 1))));
  const has = pages.map((_, page) => perPage.filter((sums) => sums[page]).length);
  const titles = pages.map(({ title }) => terms.map((term) => inWords(term, allForms(title))));
  const most = best(has);
  const ways = terms.flatMap((term) => term.ways.flat());
  const asked = [...wordsOf(query)];

  // How well the best of several headings answers, and whether it has all terms.
  const answers = (headings) => headings.map((words) => {
    const met = terms.map((term) => inWords(term, words));
    const content = telling(words);
    const share = content.filter((word) => ways.some((way) => likeness(way, word))).length;
    const all = met.every(Boolean);
    const whole = all && share === content.length ? 0.5 : 0;
    return { all, score: mean(met) * (0.4 + 0.6 * share / (content.length || 1)) + whole };
  }).reduce((a, b) => (b.score > a.score ? b : a), { all: false, score: 0 });

  function rate(place, at) {
    const own = answers(place.headings);
    const explains = answers(place.explains);
    const counts = terms.map((term) => term.counts.get(at) ?? 0);
    if (!most || has[place.page] < most || !(sum(counts) || explains.score)) return [];
    const score =
      100 * (sequence([...wordsOf(place.title)], stem) === sequence(asked, stem)) +
      30 * own.score * (place.names ? 0.6 : 1) +
      40 * (own.all && place.id === "") +
      30 * explains.score +
      10 * mean(titles[place.page]) +
      20 * about[place.page] +
      10 * mean(counts.map((n) => n / (n + 2 * place.length / meanLength))) +
      10 * (terms.length > 1 && place.sequence.includes(sequence(asked)));
    const here = mean(counts.map((n, i) => Number(n > 0 || titles[place.page][i] > 0)));
    return [{ place, named: own.all || explains.all, score: score * here ** 2 }];
  }
  const rated = places.flatMap(rate).sort((a, b) => b.score - a.score);

  // What a heading or the glossary names; of a page that only mentions the terms, the best place.
  const seen = new Set(rated.filter(({ named }) => named).map(({ place }) => place.page));
  const results = rated.filter(({ place, named }) =>
    named || (!seen.has(place.page) && seen.add(place.page)));
  return { results, terms, changes, partly: most < terms.length };
}

// The part of a text with the most of the terms, these marked.
function extract(text, terms) {
  const words = [...wordsOf(text)];
  const asked = terms.map((term) => term.ways.flat());
  const hits = words.map((word) =>
    asked.findIndex((ways) => forms(word).some((form) => ways.some((way) => likeness(way, form)))));
  const LENGTH = 32;
  let [start, most] = [0, 0];
  hits.forEach((hit, i) => {
    if (hit < 0) return;
    const near = hits.slice(i, i + LENGTH - 8).filter((h) => h >= 0);
    const worth = 10 * new Set(near).size + near.length;
    if (worth > most) [start, most] = [Math.max(0, i - 8), worth];
  });
  const shown = words.slice(start, start + LENGTH);
  const paragraph = document.createElement("p");
  let end = shown[0]?.start ?? 0;
  if (start) paragraph.append("… ");
  shown.forEach((word, i) => {
    paragraph.append(text.slice(end, word.start));
    end = word.end;
    const piece = text.slice(word.start, word.end);
    if (hits[start + i] < 0) return paragraph.append(piece);
    paragraph.append(Object.assign(document.createElement("mark"), { textContent: piece }));
  });
  paragraph.append(start + LENGTH < words.length ? " …" : text.slice(end));
  return paragraph;
}

function show(query) {
  const { results, terms, changes, partly } = search(query);
  const status = document.getElementById("search-status");
  const list = document.getElementById("search-results");
  const n = results.length;
  const words = changes.length ? terms.map((term) => term.ways[0].join(" ")).join(" ") : query;
  status.textContent = [
    ...changes.map((was) => `No page has “${was}”.`),
    n === 0 ? `Nothing found for “${query}”. Check the spelling, or try a more general word.`
      : partly ? "No page has all of these words; these have the most." : "",
    n ? `${n} ${n > 1 ? "results" : "result"} for “${words}”, the best first.` : "",
  ].filter(Boolean).join(" ");
  for (const { place } of results) {
    const page = pages[place.page];
    const link = document.createElement("a");
    link.href = page.address + (place.id && `#${place.id}`);
    link.textContent = place.id ? `${page.title} > ${place.title}` : page.title;
    const item = document.createElement("li");
    item.append(link, extract(place.text, terms));
    list.append(item);
  }
  // The page that the reader chooses marks the words, as with Sphinx's own search.
  list.addEventListener("click", () => {
    const marked = terms.flatMap((term) => term.ways.flat()).filter((word) => word.length > 2);
    localStorage.setItem("sphinx_highlight_terms", marked.join(" "));
  });
}

// The theme means to do this, but finds the hidden dialog's field.
const field = document.querySelector(".bd-search-container input[name=q]");
const query = (new URLSearchParams(location.search).get("q") ?? "").trim();
if (query) {
  for (const input of document.querySelectorAll("input[name=q]")) input.value = query;
  document.title = `${query} - ${document.title}`;
  show(query);
}
field.focus();
field.select();
