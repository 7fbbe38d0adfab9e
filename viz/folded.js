// What a folded graph knows beside evaluator.js, without a document: as state.py, views.py and bars.py
// have it in Python. In front of it stand sets, the nodes that a box of several stands for.
sets.forEach((set) => set.forEach((x, n) => (set[n] = x + (set[n - 1] ?? 0))));
const nodesOf = (group) => (group < count ? [group].filter((i) => i >= 0) : sets[group - count]);

// What goes at once: all of a box that can; then the box of the first op that is left.
function schedule(boxOf) {
  const waits = new Int32Array(count), able = [], gone = new Uint8Array(count), found = [];
  const wait = (i, more) => (waits[i] += more) || (able[boxOf[i]] ??= []).push(i);
  for (const i of turns) {
    let n = 0;
    forEachNode(i, (x) => (n += kind[x] >= 0));
    wait(i, n);
  }
  for (const first of turns) {
    if (gone[first]) continue;
    const stop = [], queue = able[boxOf[first]];
    for (let i; queue.length; stop.push(i)) {
      gone[(i = queue.pop())] = 1;
      users[i].forEach((p) => wait(owner[p], -1));
    }
    found.push(stop.sort((a, b) => a - b));
  }
  return found;
}

// ---------------------------------------------------------------- many numbers
const most = (a, b) => (Number.isFinite(b) && size(b) > size(a) ? b : a);
const largest = (numbers) => numbers.reduce(most, 0);
const length = (numbers) => numbers.reduce((sum, x) => Math.hypot(sum, x), 0);
const brief = (x) => show(Number(x.toPrecision(3)));
const tenth = (x) => x.toFixed(1).replace(/\.0$/, "");

// The strokes of a strip, and the marks of what is not finite; undefined: no number yet.
function strokes(numbers, columns, pitch, high) {
  const top = size(largest(numbers)), tall = high / 2 - 0.5;
  let bars = "", odd = "";
  numbers.forEach((x, i) => {
    const across = pitch * ((i % columns) + 0.5), zero = high * (Math.floor(i / columns) + 0.5);
    const up = x === undefined || x !== x || !top ? 0 : Math.max(-tall, Math.min(tall, (x / top) * tall));
    bars += `M${tenth(across)} ${tenth(zero)}V${tenth(zero - up)}`;
    if (x === undefined || Number.isFinite(x)) return;
    const [a, b] = [tenth(across - 2), tenth(across + 2)];
    const [low, above] = [tenth(zero - 2), tenth(zero + 2)];
    odd += x !== x ? `M${a} ${low}L${b} ${above}M${a} ${above}L${b} ${low}` : `M${a} ${tenth(zero - up)}H${b}`;
  });
  return [bars, odd];
}

// ---------------------------------------------------------------- the stop that has gone
const back = () => position > half;
let kept = {}; // of this stop of this run
function sentTo(source) {
  if (kept.run !== run || kept.stop !== turn(position)) kept = { run, stop: turn(position) };
  if (kept[source]) return kept[source];
  const to = new Set(nodesOf(source)), found = (kept[source] = []);
  for (const i of kept.stop) forEachNode(i, (x, p) => to.has(x) && found.push(run.a[p]));
  return found;
}
// Of the stop's ops, those that others use.
const results = () =>
  turn(position).filter((i) => i === root || users[i].some((p) => stopOf[owner[p]] !== stopOf[i]));
const many = {
  s: () => results().map((i) => run.v[i]), y: () => results().map((i) => run.g[i]),
  z: (group, source) => sentTo(source),
};
const told = { m: largest, l: length };
Object.assign(texts, {
  h: (of) => ({ k: stepOf(position), f: position - half * back(), h: half })[of],
  n: (of, i, slot) => {
    if (of === "o") return turn(position).length;
    return of === "u" ? users[i].filter(arrived).length : many[of](i, slot).length;
  },
  s: (of) => show(told[of](many.s())), y: (of) => show(told[of](many.y())),
  z: (of, i, slot) => show(told[of](sentTo(slot))),
});
