// Patterns and texts by grammar, and what Node's regular expressions make of them, as JSON Lines:
//
//   {"pattern": …, "flag": "u" | "" | null, "texts": [[text, matches], …]}
//
// `flag` is what the pattern is valid with: `u`, no flag (Annex B of ECMA-262), or null if it is none at all.
//
// Usage: node patterns.mjs SEED COUNT

const [seed, count] = process.argv.slice(2).map(Number);

// mulberry32
let state = seed | 0;
const random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};
const below = (limit) => Math.floor(random() * limit);
const one = (of) => of[below(of.length)];
const some = (most, make) => Array.from({ length: 1 + below(most) }, (_, at) => make(at)).join('');

const SIGNS = [...'abc-_0é😀 A1:@/'];
const RARE = ['\n', '.', '\u2028', 'ſ', '\ufeff', 'ß', '\u00a0', 'Ω', '٣'];
const ESCAPES = String.raw`\d \w \s \D \W \S \. \/ \- \n \t \x61 \u0061 \u{1F600} \uD83D\uDE00 \cJ \0 \p{L} \P{L} \p{Lu} \p{Script=Latin}
  \_ \@ \: \1 \07 \uD83D \u2028 \101 \8 \k<n> \Z \\ \p{Any} \p{ASCII} \v \f \" \é`.split(/\s+/);
const RANGES = String.raw`a-c 0-9 a-z A-Z \x00-\x7f à-ÿ 😀-😂 \u{1F600}-\u{1F602} \uD800-\uDFFF \ud83d\ude00-\ud83d\ude02 !-~ z-a`.split(' ');
const IN_CLASS = String.raw`- && [ . $ ^ \] | ( ~~ \b \w- -\d \s-a`.split(' ');
const QUANTIFIERS = '* + ? {2} {1,2} {0,1} {2,} *? +? ?? {1,3}? {0} {3} {2,1}'.split(' ');
const BRACES = ['[^]', '[]', '{', '}', ']', '{,2}', 'x{a}'];

const member = () => {
  const kind = random();
  if (kind < 0.3) return one(SIGNS);
  if (kind < 0.55) return one(RANGES);
  return kind < 0.8 ? one(ESCAPES) : one(IN_CLASS);
};
const charClass = () => `[${random() < 0.3 ? '^' : ''}${some(5, member)}]`;

const atom = (depth) => {
  const kind = random();
  if (kind < 0.1) return '.';
  if (kind < 0.2) return charClass();
  if (kind < 0.3) return one(ESCAPES);
  if (kind < 0.33) return one(BRACES);
  if (kind < 0.52 && depth > 0) return `(${one(['', '?:', '?:', '?<n>'])}${alternatives(depth - 1)})`;
  return one(SIGNS);
};
const look = (depth, kinds) => `(${one(kinds)}${alternatives(depth - 1)})`;
const AHEAD = ['?=', '?!'];
const BEHIND = ['?<=', '?<!'];

const term = (depth, looks) => {
  const kind = random();
  if (kind < 0.03) return one(['^', '$', '\\b', '\\B']);
  if (kind < looks && depth > 0) return look(depth, [...AHEAD, ...BEHIND]);
  return atom(depth) + (random() < 0.35 ? one(QUANTIFIERS) : '');
};
const sequence = (depth, looks = 0.08) =>
  (random() < 0.35 ? '^' : '') + some(5, () => term(depth, looks)) + (random() < 0.35 ? '$' : '');
const alternatives = (depth) => {
  let pattern = sequence(depth);
  while (random() < 0.15) pattern += `|${random() < 0.1 ? '' : sequence(depth)}`;
  return pattern;
};

// Look-around where it is an intersection, or nearly.
const SHAPES = [
  () => `^${some(3, () => look(2, AHEAD))}${sequence(1, 0)}${one(['$', ''])}`,
  () => `^${atom(1)}${some(2, () => look(2, AHEAD))}${sequence(1, 0)}$`,
  () => `^${sequence(1, 0)}${look(2, BEHIND)}${one(['', atom(0)])}$`,
  () => `^(?:(?!${alternatives(1)})${one(['.', charClass(), '[^]'])})${one(['*', '+', '{1,3}'])}$`,
  () => sequence(1, 0) + look(2, AHEAD),
  () => look(2, BEHIND) + sequence(1, 0),
  () => `${sequence(0, 0)}(${one([...AHEAD, ...BEHIND])}${one([charClass(), 'a', '(?:a|b)', 'ab', '-'])})${atom(0)}${one(['', '+', '{2}', '$'])}`,
  () => `${look(2, AHEAD)}^${sequence(1, 0)}`,
];

const compile = (pattern, flag) => {
  try {
    return new RegExp(pattern, flag);
  } catch {
    return null;
  }
};
const text = () => Array.from({ length: below(8) }, () => one(random() < 0.6 ? [...'ab-0'] : [...SIGNS, ...RARE])).join('');

// Without the flag a text is a row of units, and these are read otherwise: what is compared is where that makes no difference.
const BY_UNITS = /\\u\{|\\[pP]|[\uD800-\uDFFF]|\\u[dD]/;
// V8 looks for `\B` between the halves of a character too, which the standard does not.
const NO_BOUNDARY = /\\B/;
const WIDE = /[\uD800-\uDFFF]/;

for (let left = count; left > 0; left -= 1) {
  const pattern = random() < 0.3 ? one(SHAPES)() : alternatives(2);
  let flag = 'u';
  let expression = compile(pattern, flag);
  if (!expression) {
    if (BY_UNITS.test(pattern)) continue;
    flag = '';
    expression = compile(pattern, flag);
  }
  const texts = [];
  for (let tries = expression ? 24 : 0; tries > 0; tries -= 1) {
    const drawn = text();
    if (WIDE.test(drawn) && (flag === '' || NO_BOUNDARY.test(pattern))) continue;
    texts.push([drawn, expression.test(drawn)]);
  }
  console.log(JSON.stringify({ pattern, flag: expression ? flag : null, texts }));
}
