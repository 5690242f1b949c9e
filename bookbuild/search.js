// The search of the book: MiniSearch ranks the places of search-index.js, which search.py writes.
const { pages, places, also, greek, idle, language } = bookIndex;

// A word is a Greek letter, a number, or letters. A hyphen, an underscore
// or an apostrophe joins words.
const LETTER = String.raw`[\p{Script=Greek}µ]`;
const PART = String.raw`(?:${LETTER}|\d+(?:[.,]\d+)+|(?:(?!${LETTER})[\p{L}\p{M}\p{N}])+)`;
const JOINTS = /[-_‐‑'’]/;
const WORDS = new RegExp(`${PART}(?:${JOINTS.source}${PART})*`, "gu");
const wordsOf = (text) => text.match(WORDS) ?? [];

// Words that mean the same to a reader have the same stem, also British and American ones.
const stemmer = new Stemmer();
// A Korean word is written with its particle. What else stands behind a word, search by beginnings
// finds. Words of two syllables keep both: there the second is mostly no particle.
const HANGUL = /[가-힣]/;
const PARTICLE =
  /(?<=[가-힣]{2})(?:에서는?|에게|으로는?|로는?|부터|까지|보다|처럼|[은는이가을를의에와과로])$/;
const stem = (word) => HANGUL.test(word) ? word.normalize("NFC").replace(PARTICLE, "") : english(word);
const english = (word) => stemmer.stemWord(
  word.normalize("NFKC").toLowerCase().replace(/(?<=\d),(?=\d{3}(?!\d))/g, "")
    .replace(/[α-ω]/g, (letter) => greek[letter] ?? letter)
    .replace(/isation/, "ization").replace(/is(e[drs]?|ing)$/, "iz$1")
    .replace(/(?<=\w{3})our/, "or"));
const whole = (word) => stem(word.split(JOINTS).join(""));
const parts = (word) => word.split(JOINTS).map(stem);
const known = new Map();
// A word is indexed with its hyphens gone, and as the words that they join.
function forms(word) {
  if (!known.has(word)) known.set(word, [...new Set([whole(word), ...parts(word)])]);
  return known.get(word);
}
const phrase = (text) => wordsOf(text).flatMap(parts).join(" ");

// Idle words count only where there are no others.
const ignored = new Set([...stopwords, ...idle].map(stem));
function telling(words) {
  const some = words.filter((word) => !ignored.has(word));
  return some.length ? some : words;
}
const gist = (text) => telling(phrase(text).split(" ")).join(" ");

const index = new MiniSearch({
  idField: "at",
  fields: ["chapter", "title", "explains", "page", "text", "code"],
  tokenize: wordsOf,
  processTerm: forms,
  searchOptions: { // for words that are stems already
    tokenize: (text) => text.split(" "),
    processTerm: (word) => word,
    combineWith: "AND",
    prefix: (word) => word.length > (HANGUL.test(word) ? 1 : 3),
    boost: { chapter: 20, title: 4, explains: 5, code: 0.3 },
    bm25: { k: 4, b: 0.4, d: 0.5 }, // more uses count more, also in a long text
  },
});
index.addAll(places.map(({ id, title, names = title, explains, page, text, code }, at) =>
  ({ at, chapter: id ? "" : title, title: names, explains, page: pages[page].title, text, code })));
const has = (words, options) => index.search(words, options).length > 0;
const titles = places.map(({ title }) => gist(title));
const vocabulary = new Set([...known.keys()].map((word) => word.toLowerCase())
  .flatMap((word) => [word, ...word.split(JOINTS)]));

// In the English book Korean names lead to the English ones, not the other way round.
const named = also.map((names) => names.map(phrase));
const waysToSay = (word) => [...new Set([word, ...named.filter((names) => names.includes(word)).flat()
  .filter((name) => language !== "en" || !HANGUL.test(name))])];

// The book's word nearest to a misspelled one. To MiniSearch two swapped letters are two errors.
function corrected(word) {
  if (/\d/.test(word) || Object.values(greek).includes(word)) return undefined;
  const swapped = [...word].map((letter, i) =>
    word.slice(0, i) + word.slice(i + 1, i + 2) + letter + word.slice(i + 2));
  const spelling = new MiniSearch({ idField: "word", fields: ["word"], tokenize: (text) => [text] });
  spelling.addAll([...vocabulary].map((each) => ({ word: each })));
  const boostDocument = (near) => index.search(phrase(near)).length;
  const similar = [1, 2].slice(0, Math.floor(word.length / 4)).flatMap((fuzzy) =>
    spelling.search(word, { fuzzy, boostDocument }).map(({ id }) => id));
  return [...swapped, ...similar].find((near) => vocabulary.has(near));
}

// Two words that Korean readers write as one, and the book does not.
function apart(word) {
  if (!HANGUL.test(word)) return undefined;
  const cuts = [...Array(word.length - 1).keys()].slice(1).map((i) => [word.slice(0, i + 1), word.slice(i + 1)]);
  return cuts.find((halves) => halves.every((half) => half.length > 1 && has(half)))?.join(" ");
}

// What the reader asked for: no word twice, no more than make sense, each in all ways to say it.
function termsOf(query) {
  // A term of the glossary in another language is one thing to ask for, however many words it has.
  if (language !== "en") {
    const ways = waysToSay(phrase(query)).filter((way) => has(way));
    if (ways.some((way) => way !== phrase(query))) return [{ written: query, ways }];
  }
  const words = new Map(wordsOf(query).map((word) => [whole(word), word]));
  const terms = telling([...words.keys()]).slice(0, 20).map((word) =>
    ({ written: words.get(word), ways: waysToSay(word).filter((way) => has(way)) }));
  // Two words that the book writes as one.
  for (let i = 0; i + 1 < terms.length; i++) {
    const written = `${terms[i].written} ${terms[i + 1].written}`;
    const joined = stem(written.replace(" ", ""));
    if (has(joined, { prefix: false })) {
      terms.splice(i, 2, { written, ways: [joined, phrase(written)] });
    }
  }
  for (const term of terms.filter(({ ways }) => !ways.length)) {
    term.ways = [apart(whole(term.written)) ?? phrase(term.written)]; // not written as one word here
    if (!has(term.ways[0])) term.correct = corrected(term.written.toLowerCase());
    if (term.correct) term.ways = [phrase(term.correct)];
  }
  return terms;
}

function search(query) {
  const terms = termsOf(query);
  const queries = terms.map(({ ways }) => ({ combineWith: "OR", queries: ways.map((way) =>
    ({ combineWith: "AND", queries: [way] })) }));
  // A heading of just these words comes first, also a chapter whose title is a synonym of the word.
  const names = [gist(query), ...(terms.length === 1 ? terms[0].ways : [])];
  const boostDocument = (at) => (places[at].names ? 0.5 : 1)
    * ((places[at].id ? names.slice(0, 1) : names).includes(titles[at]) ? 10 : 1);
  const find = (options) => index.search({ queries }, { boostDocument, ...options });

  // Of the pages those with the most of the terms, wherever on the page they are.
  const having = queries.map((one) => new Set(index.search(one).map(({ id }) => places[id].page)));
  const counts = pages.map((_, page) => having.filter((found) => found.has(page)).length);
  const most = Math.max(...counts);
  // What a heading or the glossary names; of a page that only mentions the terms, the best place.
  const headed = find({ combineWith: "AND", fields: ["title", "explains"] }).map(({ id }) => id);
  const seen = new Set(headed.map((at) => places[at].page));
  const results = find({ combineWith: "OR" }).filter(({ id }) => counts[places[id].page] === most
    && (headed.includes(id) || (!seen.has(places[id].page) && seen.add(places[id].page))));
  return { results, terms, partly: most < terms.length };
}

// The part of a text with the most of the found words, these marked.
function extract(text, found) {
  const words = [...text.matchAll(WORDS)];
  const hits = words.map(([word]) => forms(word).find((form) => Object.hasOwn(found, form)));
  const worth = hits.map((hit, i) => {
    const near = hits.slice(i, i + 24).filter(Boolean);
    return hit ? 10 * new Set(near).size + near.length : 0;
  });
  const start = Math.max(0, worth.indexOf(Math.max(...worth)) - 8);
  const end = start + 32;
  const paragraph = document.createElement("p");
  let at = words[start]?.index ?? 0;
  paragraph.append(start ? "… " : "");
  words.slice(start, end).forEach(({ 0: word, index }, i) => {
    const mark = Object.assign(document.createElement("mark"), { textContent: word });
    paragraph.append(text.slice(at, index), hits[start + i] ? mark : word);
    at = index + word.length;
  });
  paragraph.append(end < words.length ? " …" : text.slice(at));
  return paragraph;
}

function show(query) {
  const { results, terms, partly } = search(query);
  const n = results.length;
  const wrong = terms.filter(({ correct }) => correct);
  const words = wrong.length
    ? terms.map(({ correct, written }) => correct ?? written).join(" ") : query;
  document.getElementById("search-status").textContent = [
    ...wrong.map(({ written }) => say("No page has “{word}”.", { word: written })),
    n === 0
      ? say("Nothing found for “{query}”. Check the spelling, or try a more general word.", { query })
      : partly ? say("No page has all of these words; these have the most.") : "",
    n > 1 ? say("{n} results for “{words}”, the best first.", { n, words })
      : n ? say("1 result for “{words}”.", { words }) : "",
  ].filter(Boolean).join(" ");
  document.getElementById("search-results").append(...results.map(({ id: at, match }) => {
    const { title, id, text, page } = places[at];
    const link = document.createElement("a");
    link.href = pages[page].address + (id && `#${id}`);
    link.textContent = id ? `${pages[page].title} > ${title}` : title;
    const item = document.createElement("li");
    item.append(link, extract(text, match));
    // The page that the reader chooses marks the words, as with Sphinx's own search.
    link.addEventListener("click", () => {
      const marked = [...item.querySelectorAll("mark")].map((mark) => mark.textContent.toLowerCase())
        .filter((word) => word.length > 2);
      localStorage.setItem("sphinx_highlight_terms", [...new Set(marked)].join(" "));
    });
    return item;
  }));
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
