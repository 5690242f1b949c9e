/** Numbers by chance that a seed decides: the same in every browser, and in diffusion.py. */

/** Tommy Ettinger's small generator of uniform numbers from 0 to 1, without 1. */
export function randomFrom(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fill an array with normal numbers, in pairs as Box and Muller make them. */
export function fillNormal(array, random) {
  for (let i = 0; i < array.length; i += 2) {
    // 1 - u, since log(0) is -Infinity.
    const radius = Math.sqrt(-2 * Math.log(1 - random())), angle = 2 * Math.PI * random();
    array[i] = radius * Math.cos(angle);
    array[i + 1] = radius * Math.sin(angle);
  }
}
