// The search of the book: ranks the places of search-index.js, which search.py writes.
const { pages, places, also } = bookIndex;

// A word is a Greek letter, a number, or letters. A hyphen or an underscore joins words.
const GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau upsilon phi chi psi omega".split(" ");
const PART = String.raw`(?:[\p{Script=Greek}µ]|\d+(?:[.,]\d+)+|(?:(?![\p{Script=Greek}µ])[\p{L}\p{M}\p{N}])+)`;
const PARTS = new RegExp(PART, "gu");
const WORDS = new RegExp(`${PART}(?:[-_‐‑]${PART})*`, "gu");

const simple = (word) =>
  word.normalize("NFKC").toLowerCase().replace(/(?<=\d),(?=\d{3}(?!\d))/g, "")
    .replace(/[α-ω]/g, (letter) => GREEK[letter.charCodeAt() - 0x3b1] ?? letter);

// Words that mean the same to a reader have the same stem, also British and American ones.
const stemmer = new Stemmer();
const stems = new Map();
function stem(word) {
  if (!stems.has(word)) {
    const american = word.replace(/isation/, "ization").replace(/is(e[drs]?|ing)$/, "iz$1")
      .replace(/(?<=\w{3})our/, "or");
    stems.set(word, stemmer.stemWord(american));
  }
  return stems.get(word);
}

// The words of a text: what each is, with its hyphens gone, and of which words it is joined.
function* wordsOf(text) {
  for (const found of text.matchAll(WORDS)) {
    const parts = [...found[0].matchAll(PARTS)];
    yield {
      word: parts.map((part) => simple(part[0])).join(""),
      parts: parts.map((part) => simple(part[0])),
      start: found.index,
      end: found.index + found[0].length,
    };
  }
}
const forms = ({ word, parts }) => (parts.length > 1 ? [word, ...parts] : parts);
const allForms = (text) => [...wordsOf(text)].flatMap(forms);
const sequence = (text) => [...wordsOf(text)].flatMap((w) => w.parts.map(stem)).join(" ");

// For each word of the book, how often each place has it; once for code, whatever it repeats.
const vocabulary = new Map();
places.forEach((place, at) => {
  place.heading = allForms(place.title).filter((word) => !/\p{Script=Hangul}/u.test(word));
  place.others = (place.explains ?? []).map(allForms);
  const text = allForms(`${place.title} ${place.text} ${place.code ?? ""}`);
  for (const word of text) {
    if (!vocabulary.has(word)) vocabulary.set(word, { stem: stem(word), counts: new Map() });
    const { counts } = vocabulary.get(word);
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
});

// How well a word answers the one asked for: itself, another form of it, or longer.
const likeness = (asked, word, wordStem = stem(word)) =>
  asked === word ? 1
    : stem(asked) === wordStem ? 0.9
      : asked.length > 2 && word.startsWith(asked) ? 0.5
        : 0;
const best = (numbers) => Math.max(0, ...numbers);
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

// A term is what the reader asked for once, as several ways to say it, each a list of words.
const inWords = (term, words) =>
  best(term.ways.map((way) =>
    Math.min(...way.map((asked) => best(words.map((word) => likeness(asked, word)))))));

function counted(term) {
  const result = new Map();
  for (const way of term.ways) {
    const each = way.map((asked) => {
      const counts = new Map();
      for (const [word, known] of vocabulary) {
        const like = likeness(asked, word, known.stem);
        if (like) for (const [at, n] of known.counts) counts.set(at, (counts.get(at) ?? 0) + like * n);
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
  const close = [...vocabulary].filter(([known, { counts }]) =>
    near && counts.size > 1 && Math.abs(known.length - word.length) <= near && !/\d/.test(word))
    .map(([known, { counts }]) => [distance(word, known), -counts.size, known])
    .filter(([far]) => far <= near)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return close[0]?.[2];
}

const synonyms = (word) =>
  also.filter((names) => names.some((name) => simple(name) === word))
    .flatMap((names) => names.map((name) => [...wordsOf(name)].map((w) => w.word)))
    .filter((way) => way.join() !== word);

// The reader's terms: no word twice, no stop words among others, no more than make sense.
function termsOf(query) {
  const all = new Map([...wordsOf(query)].map((term) => [term.word, term]));
  const telling = [...all.values()].filter(({ word }) => !stopwords.includes(word));
  return (telling.length ? telling : [...all.values()]).slice(0, 20).map(({ word, parts }) => ({
    word,
    ways: [[word], ...(parts.length > 1 ? [parts] : []), ...synonyms(word)],
  }));
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
    changes.push([term.word, other]);
    term.ways = [[other]];
    term.counts = counted(term);
  }

  const perPage = terms.map((term) => {
    const sums = pages.map(() => 0);
    for (const [at, n] of term.counts) sums[places[at].page] += n;
    return sums;
  });
  const pageTitles = pages.map((page) => allForms(page.title));
  const has = pages.map((_, page) => perPage.filter((sums) => sums[page]).length);
  const most = best(has);
  if (!most) return { results: [], terms, changes: [], missing: terms.length };

  const asked = sequence(query);
  // Which share of a heading's words the terms are.
  const share = (words) => {
    const content = words.filter((word) => !stopwords.includes(word));
    const met = content.filter((word) => terms.some((term) => inWords(term, [word])));
    return content.length ? met.length / content.length : 0;
  };
  const heading = (words) => {
    const met = terms.map((term) => inWords(term, words));
    return { all: met.every(Boolean), score: (sum(met) / terms.length) * (0.4 + 0.6 * share(words)) };
  };

  const rated = places.map((place, at) => {
    if (has[place.page] < most) return null;
    const own = heading(place.heading);
    const others = place.others.map(heading).sort((a, b) => b.score - a.score)[0] ?? { score: 0 };
    const counts = terms.map((term) => term.counts.get(at) ?? 0);
    const around = terms.map((term) => inWords(term, pageTitles[place.page]));
    const here = terms.filter((_, i) => counts[i] || around[i]).length;
    if (!counts.some(Boolean) && !others.score) return null;
    const about = sum(perPage.map((sums) => sums[place.page] / (best(sums) || 1))) / terms.length;
    const text = ` ${sequence(`${place.title}. ${place.text}`)} `;
    const score =
      100 * (sequence(place.title) === asked) +
      30 * own.score * (place.names ? 0.6 : 1) + 15 * (own.all && place.id === "") +
      20 * others.score +
      10 * sum(around) / terms.length +
      25 * about +
      10 * sum(counts.map((n) => n / (n + 3))) / terms.length +
      10 * (terms.length > 1 && text.includes(` ${asked} `));
    return { place, named: own.all || !!others.all, score: score * (here / terms.length) ** 2 };
  }).filter(Boolean).sort((a, b) => b.score - a.score);

  // Headings each; of a page that only mentions the words, its best place.
  const seen = new Set();
  const results = rated.filter(({ place, named }) => {
    if (!named && (seen.has(place.page) || rated.some((r) => r.named && r.place.page === place.page))) return false;
    seen.add(place.page);
    return true;
  });
  return { results, terms, changes, missing: terms.length - most };
}

// The part of a text with the most of the terms, these marked.
function extract(text, terms) {
  const words = [...wordsOf(text)];
  const asked = terms.map((term) => term.ways.flat());
  const hits = words.map((word) =>
    asked.findIndex((ways) => forms(word).some((form) => ways.some((way) => likeness(way, form)))));
  const LENGTH = 32;
  let [start, most] = [0, -1];
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
  const { results, terms, changes, missing } = search(query);
  const status = document.getElementById("search-status");
  const list = document.getElementById("search-results");
  const n = results.length;
  status.textContent = [
    ...changes.map(([was, is]) => `No page has “${was}”; this is what “${is}” finds.`),
    n === 0 ? `Nothing found for “${query}”. Check the spelling, or try a more general word.`
      : missing ? "No page has all of these words; these have the most." : "",
    n ? `${n} ${n > 1 ? "results" : "result"} for “${query}”, the best first.` : "",
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
}

const query = (new URLSearchParams(location.search).get("q") ?? "").trim();
if (query) {
  for (const input of document.querySelectorAll("input[name=q]")) input.value = query;
  document.title = `${query} - ${document.title}`;
  show(query);
}
