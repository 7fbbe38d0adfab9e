// What a folded graph knows beside evaluator.js, without a document: as state.py, views.py and bars.py
// have it in Python. In front of it stand sets, the nodes that a box of several stands for.
const nodesOf = (group) => (group < count ? [group].filter((i) => i >= 0) : sets[group - count]);

// What goes at once: all of a box that can; then the box of the first op that is left.
function schedule(boxOf) {
  const waits = kind.map(() => 0), able = [], found = [];
  const allow = (i) => waits[i] || (able[boxOf[i]] ??= []).push(i);
  turns.forEach((i) => users[i].forEach((p) => waits[owner[p]]++));
  turns.forEach(allow);
  for (const first of turns) {
    if (waits[first] < 0) continue; // gone
    const stop = [], queue = able[boxOf[first]];
    for (let i; queue.length; stop.push(i)) {
      waits[(i = queue.pop())] = -1;
      for (const p of users[i]) --waits[owner[p]] || allow(owner[p]);
    }
    found.push(stop.sort((a, b) => a - b));
  }
  return found;
}

// ---------------------------------------------------------------- many numbers
const most = (a, b) => (isFinite(b) && size(b) > size(a) ? b : a);
const largest = (numbers) => numbers.reduce(most, 0);
const wild = (x) => x !== undefined && !isFinite(x);
const foremost = (numbers) => (numbers.some(wild) ? numbers.find(wild) : largest(numbers));
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
    if (x === undefined || isFinite(x)) return;
    const [a, b] = [tenth(across - 2), tenth(across + 2)];
    const [low, above] = [tenth(zero - 2), tenth(zero + 2)];
    odd += x !== x ? `M${a} ${low}L${b} ${above}M${a} ${above}L${b} ${low}` : `M${a} ${tenth(zero - up)}H${b}`;
  });
  return [bars, odd];
}

// ---------------------------------------------------------------- the stop that has gone
// Of its ops, those that others use.
const results = () =>
  turn(position).filter((i) => i === root || users[i].some((p) => stopOf[owner[p]] !== stopOf[i]));
function sentTo(group) {
  const to = new Set(nodesOf(group)), found = [];
  for (const i of turn(position)) forEachNode(i, (x, p) => to.has(x) && found.push(run.a[p]));
  return found;
}
function summary(noun, numbers) {
  if (numbers.length === 1) return `${noun} ${show(numbers[0])}`;
  const [many, long, most] = [numbers.length.toLocaleString("en"), length(numbers), foremost(numbers)];
  return `${many} ${noun}s: length ${show(long)}, largest ${show(most)}`;
}
Object.assign(texts, {
  h: (of) => (of === "k" ? stepOf(position) : position > half ? position - half : position),
  n: () => turn(position).length,
  s: () => summary(nouns.s, results().map((i) => run.v[i])),
  y: () => summary(nouns.y, results().map((i) => run.g[i])),
  z: (of, i, group) => summary(nouns.z, sentTo(group)),
});
