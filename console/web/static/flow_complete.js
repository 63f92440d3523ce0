// What may stand where the caret is in a flow's text. Of the text and the words alone: nothing here touches the page.

const BLANK = /^\s*/;
const MOST = 40;

/** Openers { and [ that are open at the end of a line, each with the key before it, and the text after the last of
 *  them or after the last comma in it. */
function inside(line) {
  const open = [];
  let from = 0;
  let quote = "";
  for (let place = 0; place < line.length; place += 1) {
    const sign = line[place];
    if (quote) quote = sign === quote ? "" : quote;
    else if (sign === '"' || sign === "'") quote = sign;
    else if (sign === "#" && (place === 0 || line[place - 1] === " ")) return null;
    else if (sign === "{" || sign === "[") {
      open.push({ sign, key: /([\w.-]+)"?:\s*$/.exec(line.slice(0, place))?.[1] ?? "" });
      from = place + 1;
    } else if (sign === "}" || sign === "]") {
      open.pop();
      from = place + 1;
    } else if (sign === "," && open.length) from = place + 1;
  }
  return { open, rest: line.slice(from) };
}

/** The lines of the node around a line: from its name to the next name. */
function nodeAround(lines, number) {
  let begin = number;
  while (begin >= 0 && !/^ {2}[\w"]/.test(lines[begin])) begin -= 1;
  let end = number + 1;
  while (end < lines.length && !/^( {2})?[\w"]/.test(lines[end])) end += 1;
  return begin < 0 ? [] : lines.slice(begin, end);
}

/** The names of all nodes of a text. */
export function nodesOf(text) {
  const after = text.split(/^nodes:.*$/m)[1] ?? "";
  return [...after.matchAll(/^ {2}"?([a-z][a-z0-9_]*)"?:/gm)].map((found) => found[1]);
}

/** What may stand at the caret: {from, offers: [{word, says}]}, where from is the place at which the word begins. */
export function suggest(text, at, words) {
  const before = text.slice(0, at);
  const word = /[\w.-]*$/.exec(before)[0];
  const give = (offers) => ({ from: at - word.length, offers: offers.filter((each) => each.word.startsWith(word) && each.word !== word).slice(0, MOST) });
  const named = (names) => give(names.map((each) => ({ word: each, says: "" })));
  const lines = text.split("\n");
  const number = before.split("\n").length - 1;
  const line = before.split("\n").at(-1);
  const found = inside(line);
  if (!found) return give([]);
  const section = lines.slice(0, number + 1).findLast((each) => /^\w/.test(each)) ?? "";
  const indent = BLANK.exec(line)[0].length;
  const { open, rest } = found;

  const valueOf = (offer, key) => {
    if (!offer) return give([]);
    if (offer.holds === "node" || (offer.holds === "nodes" && key !== offer.word)) return named(nodesOf(text));
    if (offer.holds === "prompts") return named(words.prompts);
    return named(offer.words);
  };

  if (!section.startsWith("nodes:") || (indent === 0 && !/^nodes:/.test(line))) {
    const value = /^(\w+):\s+[\w.-]*$/.exec(line);
    if (value) return valueOf(words.top.find((each) => each.word === value[1]), value[1]);
    return /^\w*$/.test(line) ? give(words.top.filter((each) => !new RegExp(`^${each.word}:`, "m").test(text))) : give([]);
  }

  const node = nodeAround(lines, number).join("\n");
  const has = (key) => new RegExp(`(^|[\\s{,])${key}:`).test(node.replace(/^ {2}"?\w+"?:/, ""));
  const kind = Object.keys(words.kinds).find(has);
  const offers = kind ? words.kinds[kind] : [];
  const offer = (key) => offers.find((each) => each.word === key);
  const depth = open.filter((each) => each.sign === "{").length;

  if (open.at(-1)?.sign === "[") return valueOf(offer(open.at(-1).key), open.at(-1).key);
  const value = /^\s*"?([\w*#.-]+)"?:\s+[\w.-]*$/.exec(rest);
  if (value) {
    const around = depth > 1 || (depth === 1 && indent > 2) ? open.at(-1).key : indent > 4 ? parentOf(lines, number, indent) : value[1];
    return valueOf(offer(around) ?? offer(value[1]), value[1]);
  }
  const isKey = /^\s*\w*$/.test(rest) && ((depth === 1 && indent === 2) || (depth === 0 && indent === 4));
  if (!isKey) return give([]);
  if (!kind) return give(Object.values(words.kinds).map(([first]) => first));
  return give(offers.filter((each) => !has(each.word)));
}

/** The key above a line, to which the line belongs. */
function parentOf(lines, number, indent) {
  const above = lines.slice(0, number).findLast((each) => each.trim() && BLANK.exec(each)[0].length < indent) ?? "";
  return /^\s*"?([\w.-]+)"?:/.exec(above)?.[1] ?? "";
}
