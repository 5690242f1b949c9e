/** What figures say, in the reader's language. The English messages are the keys. */

const translations = new Map(); // on a page all its figures add theirs, which are of one language

/** Take over the translations that a figure brought along. */
export function learn(words = {}) {
  for (const [message, translation] of Object.entries(words)) translations.set(message, translation);
}

/**
 * Return a message in the reader's language, with values in its placeholders.
 *
 * @param {string} message English, as one literal in double quotes, so that `make translate` and
 *   messages_of() in figure.py find it. What changes from call to call is a placeholder in braces.
 *   Singular and plural are messages of their own, and no sentence is made of parts.
 * @param {object} values what to put into the placeholders, by their names
 * @returns {string} the English message where the language has no other
 */
export function say(message, values = {}) {
  return named(message).replace(/\{(\w+)\}/g, (placeholder, name) =>
    (Object.hasOwn(values, name) ? values[name] : placeholder));
}

/** Return what the reader calls a thing that Python has named, such as one of its networks. */
export function named(name) {
  return translations.get(name) ?? name;
}
