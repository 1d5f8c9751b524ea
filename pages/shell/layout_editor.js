// The layout editor: spaces and areas as polygons on a photo, in its pixels.
//
// Four parts: the Document is what is edited, with its undo; the Stage draws it; the Panel asks
// for names and types and says what is wrong; the Editor turns pointers and keys into edits.
// A shape is never changed but replaced, so what is identical need not be drawn anew.

const TYPES = { car: 'Car', motorcycle: 'Motorcycle', disabled: 'Disabled', ev: 'Electric', reserved: 'Reserved' };
const KINDS = { count: 'Count the vehicles', ignore: 'Do not look here' };
const MOST_CORNERS = 100;
const MOST_IN_ROW = 500;
const OVERLAP_FROM = 0.3; // as in parkcore.spaces.layout
const MOST_ZOOM = 40; // screen pixels for one of the photo's

// -- geometry ----------------------------------------------------------------------------

const cached = (compute) => {
  const known = new WeakMap();
  return (shape) => {
    if (!known.has(shape)) known.set(shape, compute(shape));
    return known.get(shape);
  };
};
const turn = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
const same = (a, b) => a[0] === b[0] && a[1] === b[1];
const middle = (points) => [0, 1].map((k) => points.reduce((sum, p) => sum + p[k], 0) / points.length);
const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));
const area = (points) =>
  points.reduce((sum, p, n) => sum + turn([0, 0], p, points[(n + 1) % points.length]), 0) / 2;

function bounds(points) {
  const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
  return { x1: Math.min(...xs), y1: Math.min(...ys), x2: Math.max(...xs), y2: Math.max(...ys) };
}

function meet(a, b, c, d) { // whether two lines touch, ends included
  const within = (p, q, r) => bounds([p, q]).x1 <= r[0] && r[0] <= bounds([p, q]).x2
    && bounds([p, q]).y1 <= r[1] && r[1] <= bounds([p, q]).y2;
  const [s, t, u, v] = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)].map(Math.sign);
  return (s !== t && u !== v) || (!s && within(a, b, c)) || (!t && within(a, b, d))
    || (!u && within(c, d, a)) || (!v && within(c, d, b));
}

function crossesItself(given) {
  const points = given.filter((p, n) => !same(p, given[(n + 1) % given.length]));
  const count = points.length, at = (n) => points[n % count];
  for (let i = 0; i < count; i++) {
    const [a, b, c] = [at(i), at(i + 1), at(i + 2)];
    const foldsBack = (a[0] - b[0]) * (c[0] - b[0]) + (a[1] - b[1]) * (c[1] - b[1]) > 0;
    if (count > 2 && turn(a, b, c) === 0 && foldsBack) return true;
    for (let j = i + 2; j < count - (i === 0 ? 1 : 0); j++) {
      if (meet(a, b, at(j), at(j + 1))) return true;
    }
  }
  return false;
}

const isConvex = (quad) => {
  const turns = quad.map((p, n) => Math.sign(turn(p, quad[(n + 1) % 4], quad[(n + 2) % 4])));
  return turns[0] !== 0 && turns.every((sign) => sign === turns[0]);
};

// A row in perspective: the homography of the unit square, as parkcore.spaces.layout.subdivide.
function subdivide([[x0, y0], [x1, y1], [x2, y2], [x3, y3]], number) {
  const [dx1, dx2, dx3] = [x1 - x2, x3 - x2, x0 - x1 + x2 - x3];
  const [dy1, dy2, dy3] = [y1 - y2, y3 - y2, y0 - y1 + y2 - y3];
  const scale = dx1 * dy2 - dx2 * dy1;
  const g = (dx3 * dy2 - dx2 * dy3) / scale, h = (dx1 * dy3 - dx3 * dy1) / scale;
  const [a, b, d, e] = [x1 - x0 + g * x1, x3 - x0 + h * x3, y1 - y0 + g * y1, y3 - y0 + h * y3];
  const at = (u, v) => [(a * u + b * v + x0) / (g * u + h * v + 1), (d * u + e * v + y0) / (g * u + h * v + 1)];
  const edge = (n) => [at(n / number, 0), at(n / number, 1)];
  return Array.from({ length: number }, (_, n) => [edge(n)[0], edge(n + 1)[0], edge(n + 1)[1], edge(n)[1]]);
}

// Four clicks as start-left, end-left, end-right, start-right. They may also have been made end by
// end: then the outline crosses itself, or its other pair of sides is by far the longer one.
function rowOf([a, b, c, d]) {
  if (crossesItself([a, b, c, d])) return crossesItself([a, b, d, c]) ? [a, c, b, d] : [a, c, d, b];
  return distance(b, c) + distance(d, a) > 1.5 * (distance(a, b) + distance(c, d)) ? [a, d, c, b] : [a, b, c, d];
}

function clip(points, a, b) { // what of a polygon lies left of a line
  return points.flatMap((p, n) => {
    const q = points[(n + 1) % points.length], s = turn(a, b, p), t = turn(a, b, q);
    const kept = s >= 0 ? [p] : [];
    if (s * t < 0) kept.push([0, 1].map((k) => p[k] + ((q[k] - p[k]) * s) / (s - t)));
    return kept;
  });
}

// Any polygon is a fan of triangles, some of them negative, and so is what two of them share.
const fan = cached((shape) => shape.points.slice(2).map((p, n) => {
  const [a, b] = [shape.points[0], shape.points[n + 1]], sign = Math.sign(turn(a, b, p));
  return { sign, corners: sign < 0 ? [a, p, b] : [a, b, p] };
}));
const box = cached((shape) => bounds(shape.points));
const size = cached((shape) => Math.abs(area(shape.points)));

function overlap(one, other) { // share of the smaller shape
  const a = box(one), b = box(other);
  if (a.x1 >= b.x2 || b.x1 >= a.x2 || a.y1 >= b.y2 || b.y1 >= a.y2) return 0;
  let shared = 0;
  for (const s of fan(one)) for (const t of fan(other)) {
    const [p, q, r] = t.corners;
    shared += s.sign * t.sign * area(clip(clip(clip(s.corners, p, q), q, r), r, p));
  }
  return Math.abs(shared) / Math.min(size(one), size(other));
}

function overlapping(shapes) {
  const spaces = shapes.filter((s) => s.what === 'space').sort((a, b) => box(a).x1 - box(b).x1);
  const found = [];
  spaces.forEach((one, n) => {
    for (let m = n + 1; m < spaces.length && box(spaces[m]).x1 < box(one).x2; m++) {
      if (overlap(one, spaces[m]) > OVERLAP_FROM) found.push([one, spaces[m]]);
    }
  });
  return found;
}

// -- names ---------------------------------------------------------------------------------

function series(first, count) { // A1, A2, A3 …; leading zeros stay
  const [, prefix, digits] = /^(.*?)(\d{0,9})$/.exec(first);
  const start = digits ? Number(digits) : 1;
  return Array.from({ length: count }, (_, n) => prefix + String(start + n).padStart(digits.length, '0'));
}

function freeSeries(shapes, pattern, count) { // the first free numbers of a name's prefix
  const taken = new Set(shapes.map((shape) => shape.id));
  const [, prefix, digits] = /^(.*?)(\d{0,9})$/.exec(pattern);
  for (let n = 1; ; n++) {
    const names = series(prefix + String(n).padStart(digits.length, '0'), count);
    const last = names.findLastIndex((name) => taken.has(name));
    if (last < 0) return names;
    n += last;
  }
}

// -- the document: what is edited ------------------------------------------------------------

const documents = new Map(); // kept while the tab lives, whatever Streamlit mounts anew
let lastKey = 0;
const withKey = (shape) => ({ ...shape, key: ++lastKey });
const space = (id, points, type = 'car', group = '') => withKey({ what: 'space', id, points, type, group });
const place = (id, points, kind = 'count', capacity = null) => withKey({ what: 'area', id, points, kind, capacity });
const toSpace = (given) => space(given.id, given.polygon, given.type, given.group);
const toArea = (given) => place(given.id, given.polygon, given.kind, given.capacity);
const toShapes = ({ spaces, areas }) => [...spaces.map(toSpace), ...areas.map(toArea)];
const rounded = (points) => points.map((p) => p.map((v) => Math.round(v * 100) / 100));

const ownProblem = cached((shape) => {
  if (!shape.id.trim()) return 'has no name';
  if (crossesItself(shape.points)) return 'crosses itself: drag its corners into order';
  const { what, kind, capacity: c } = shape;
  const isWrong = c !== null && !(Number.isInteger(c) && c >= 1 && c <= 100000);
  return what === 'area' && kind === 'count' && isWrong ? 'has a capacity that is not 1 to 100,000' : '';
});

class Document {
  constructor(data) {
    Object.assign(this, { key: data.key, w: data.w, h: data.h, pending: '', error: '', tag: null });
    Object.assign(this, { past: [], future: [], imported: '', proposed: '' });
    this.now = { shapes: [], proposals: [] };
    this.replace(data);
    this.restore();
  }

  get shapes() { return this.now.shapes; }
  get isDirty() { return this.shapes !== this.base || this.hasNewPhoto; }
  get isStale() { return this.newest !== this.version; }
  get pattern() { return this.named ?? this.shapes.findLast((s) => s.what === 'space')?.id ?? 'A1'; }

  // What the server says: maybe an answer to Save, a newer version, a file that was imported.
  receive(data) {
    this.least = data.least_area * data.w * data.h;
    this.most = data.most;
    this.hasNewPhoto = data.new_photo;
    if (data.w !== this.w || data.h !== this.h) this.scale(data.w / this.w, data.h / this.h);
    const isAnswer = this.pending !== '' && data.answer?.nonce === this.pending;
    if (isAnswer) Object.assign(this, { pending: '', error: data.answer.error });
    this.newest = data.version;
    this.stored = data;
    if (this.isStale && ((isAnswer && !this.error) || !this.isDirty)) this.replace(data);
    if (data.imported && data.imported.id !== this.imported) {
      this.imported = data.imported.id;
      this.set(toShapes(data.imported));
    }
    if ((data.proposed?.id ?? '') !== this.proposed) {
      this.proposed = data.proposed?.id ?? '';
      const proposals = (data.proposed?.spaces ?? []).map(toSpace);
      const isNew = (p) => !this.shapes.some((shape) => overlap(shape, p) > OVERLAP_FROM);
      this.now = { ...this.now, proposals: proposals.filter(isNew) };
    }
    this.keep();
  }

  replace(data) {
    this.base = toShapes(data);
    this.newest = this.version = data.version;
    this.now = { ...this.now, shapes: this.base };
    Object.assign(this, { future: [], tag: null, error: '' });
  }

  loadNewest() { // what was drawn comes back by undo
    const before = this.now;
    this.replace(this.stored);
    this.past = [before];
    this.keep();
  }

  set(shapes, { tag = null, proposals = this.now.proposals } = {}) {
    if (tag === null || tag !== this.tag) this.past.push(this.now);
    this.now = { shapes, proposals };
    this.future = [];
    this.tag = tag;
    this.keep();
  }

  change(keys, edit, tag) {
    this.set(this.shapes.map((shape) => (keys.has(shape.key) ? { ...shape, ...edit(shape) } : shape)), { tag });
  }

  add(shapes, proposals) {
    this.set([...this.shapes, ...shapes], { proposals });
    if (shapes.at(-1)?.what === 'space') this.named = shapes.at(-1).id;
  }

  step(from, to) {
    if (!from.length) return;
    to.push(this.now);
    this.now = from.pop();
    this.tag = null;
    this.keep();
  }

  undo() { this.step(this.past, this.future); }
  redo() { this.step(this.future, this.past); }

  problems() { // per shape what forbids to save it
    if (this.judged === this.shapes) return this.wrong;
    this.judged = this.shapes;
    const seen = new Map(this.shapes.map((shape) => [shape.id, 0]));
    this.shapes.forEach((shape) => seen.set(shape.id, seen.get(shape.id) + 1));
    const said = (s) => ownProblem(s)
      || (size(s) < this.least ? 'is too small to be a place for a vehicle' : '')
      || (seen.get(s.id) > 1 ? `is the name of ${seen.get(s.id)}: each has its own` : '');
    this.wrong = new Map(this.shapes.map((shape) => [shape.key, said(shape)]).filter(([, text]) => text));
    return this.wrong;
  }

  forbids() { // why it cannot be saved; '' where it can
    const wrong = this.problems().size;
    if (wrong) return wrong === 1 ? 'one is to be mended first' : `${wrong} are to be mended first`;
    if (this.shapes.length > this.most) return `at most ${this.most} spaces and areas`;
    return this.isDirty ? '' : 'nothing to save';
  }

  payload() {
    this.pending = `${Date.now()}-${Math.random()}`;
    this.error = '';
    const of = (what) => this.shapes.filter((shape) => shape.what === what);
    return {
      nonce: this.pending, based_on: this.version, image_size: [this.w, this.h],
      spaces: of('space').map((s) => ({ id: s.id, polygon: s.points, type: s.type, group: s.group })),
      areas: of('area').map((a) => ({
        id: a.id, polygon: a.points, kind: a.kind, capacity: a.kind === 'count' ? a.capacity : null,
      })),
    };
  }

  scale(x, y) { // another photo, of another size: everything with it, undo too
    const shapeOf = cached((s) => ({ ...s, points: s.points.map((p) => [p[0] * x, p[1] * y]) }));
    const listOf = cached((list) => list.map(shapeOf));
    const of = (state) => ({ shapes: listOf(state.shapes), proposals: listOf(state.proposals) });
    [this.past, this.future] = [this.past.map(of), this.future.map(of)];
    [this.now, this.base] = [of(this.now), listOf(this.base)];
    [this.w, this.h] = [this.w * x, this.h * y].map(Math.round);
  }

  // Unsaved changes outlive a reload of the page, in this tab.
  keep() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keepNow(), 300);
  }

  keepNow() {
    const { version, w, h, shapes } = { ...this, shapes: this.shapes };
    try {
      if (shapes === this.base) sessionStorage.removeItem(`parkcore-layout ${this.key}`);
      else sessionStorage.setItem(`parkcore-layout ${this.key}`, JSON.stringify({ version, w, h, shapes }));
    } catch { /* storage is full or forbidden: then a reload loses them */ }
  }

  restore() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(`parkcore-layout ${this.key}`));
      if (!kept) return;
      const [x, y] = [this.w / kept.w, this.h / kept.h];
      const shapes = kept.shapes.map((s) => withKey({ ...s, points: s.points.map((p) => [p[0] * x, p[1] * y]) }));
      if (kept.version === this.version) this.past = [this.now];
      else Object.assign(this, { base: [], version: kept.version });
      this.now = { ...this.now, shapes };
    } catch { /* not ours, or forbidden */ }
  }
}

addEventListener('pagehide', () => documents.forEach((doc) => doc.keepNow()));

// -- the stage: the photo and what is drawn on it ------------------------------------------------

function make(name, attributes, parent) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  parent.appendChild(element);
  return element;
}
const path = (points) => points.map((p) => `${p[0].toFixed(2)},${p[1].toFixed(2)}`).join(' ');

class Stage {
  constructor(ui) {
    Object.assign(this, { ui, svg: ui.svg, nodes: new Map(), x: 0, y: 0, k: 1 });
    this.isCoarse = matchMedia('(pointer: coarse)').matches;
  }

  show(doc, data) { // another camera, photo or size
    this.ui.photo.setAttribute('width', data.w);
    this.ui.photo.setAttribute('height', data.h);
    if (this.shown !== data.img) this.ui.photo.setAttribute('href', (this.shown = data.img));
    this.ui.stage.style.aspectRatio = `${data.w} / ${data.h}`;
    const frame = `${doc.key} ${data.w} ${data.h}`;
    if (this.frame === frame) return;
    Object.assign(this, { frame, w: data.w, h: data.h });
    this.fit();
  }

  at(event, inside = true) { // a pointer in the photo's pixels
    const frame = this.svg.getBoundingClientRect();
    const [x, y] = [this.x + (event.clientX - frame.left) / this.k, this.y + (event.clientY - frame.top) / this.k];
    return inside ? [clamp(x, 0, this.w), clamp(y, 0, this.h)] : [x, y];
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.ui.stage;
    this.isFitted = true;
    this.look((this.w - width / this.least) / 2, (this.h - height / this.least) / 2, this.least);
  }

  get least() {
    return Math.min(this.ui.stage.clientWidth / this.w, this.ui.stage.clientHeight / this.h) || 1;
  }

  look(x, y, k) { // what of the photo is seen: from (x, y) on, k screen pixels for one of its
    const { clientWidth: width, clientHeight: height } = this.ui.stage;
    this.k = clamp(k, this.least / 2, MOST_ZOOM);
    const [seenX, seenY] = [width / this.k, height / this.k];
    this.x = clamp(x, -seenX / 2, this.w - seenX / 2);
    this.y = clamp(y, -seenY / 2, this.h - seenY / 2);
    this.svg.setAttribute('viewBox', `${this.x} ${this.y} ${seenX || 1} ${seenY || 1}`);
    if (this.scaled === this.k) return;
    this.scaled = this.k;
    for (const layer of [this.ui.labels, this.ui.draft]) layer.setAttribute('font-size', 12 / this.k);
    this.handled = null;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.nodes.forEach((node) => this.labelled(node)), 120);
  }

  zoom(factor, event) { // around the pointer, or the middle
    const { clientWidth: width, clientHeight: height } = this.ui.stage;
    const frame = this.svg.getBoundingClientRect();
    const [left, top] = event ? [event.clientX - frame.left, event.clientY - frame.top] : [width / 2, height / 2];
    const [x, y] = [this.x + left / this.k, this.y + top / this.k];
    const k = clamp(this.k * factor, this.least / 2, MOST_ZOOM);
    this.isFitted = false;
    this.look(x - left / k, y - top / k, k);
  }

  shift(x, y) { // by screen pixels
    this.isFitted = false;
    this.look(this.x + x / this.k, this.y + y / this.k, this.k);
  }

  reveal(points) {
    const { clientWidth: width, clientHeight: height } = this.ui.stage;
    const [x, y] = middle(points), [seenX, seenY] = [width / this.k, height / this.k];
    const isSeen = x > this.x && x < this.x + seenX && y > this.y && y < this.y + seenY;
    if (!isSeen) this.look(x - seenX / 2, y - seenY / 2, this.k);
  }

  draw(editor) {
    this.drawShapes(editor);
    this.drawHandles(editor);
    this.drawDraft(editor);
    this.drawProposals(editor.doc.now.proposals);
    this.ui.stage.classList.toggle('draws', editor.isDrawing);
    this.ui.stage.classList.toggle('pans', editor.tool === 'hand' || editor.isSpaceHeld);
    this.ui.stage.classList.toggle('busy', editor.doc.pending !== '');
  }

  drawShapes({ doc, chosen }) {
    const gone = new Set(this.nodes.keys()), wrong = doc.problems();
    for (const shape of doc.shapes) {
      gone.delete(shape.key);
      const node = this.nodes.get(shape.key) ?? this.addNode(shape.key);
      const isChosen = chosen.has(shape.key);
      const look = `shape ${shape.kind ?? 'space'}${isChosen ? ' chosen' : ''}${wrong.has(shape.key) ? ' bad' : ''}`;
      if (node.look !== look) {
        node.polygon.setAttribute('class', (node.look = look));
        node.polygon.setAttribute('aria-pressed', isChosen);
        node.polygon.setAttribute('tabindex', isChosen ? 0 : -1);
      }
      if (node.shape === shape) continue;
      node.polygon.setAttribute('points', path(shape.points));
      const about = shape.what === 'space' ? TYPES[shape.type].toLowerCase() : KINDS[shape.kind].toLowerCase();
      node.polygon.setAttribute('aria-label', `${shape.what} ${shape.id}, ${about}`);
      node.shape = shape;
      this.labelled(node);
    }
    for (const key of gone) {
      const { polygon, text } = this.nodes.get(key);
      polygon.remove();
      text.remove();
      this.nodes.delete(key);
    }
  }

  addNode(key) {
    const polygon = make('polygon', { 'data-key': key, role: 'button', tabindex: -1 }, this.ui.shapes);
    const node = { polygon, text: make('text', {}, this.ui.labels) };
    this.nodes.set(key, node);
    return node;
  }

  labelled({ text, shape }) {
    const [x, y] = middle(shape.points), { y1, y2 } = box(shape);
    const short = { motorcycle: ' moto', disabled: ' dis.', ev: ' EV', reserved: ' res.' }[shape.type] ?? '';
    const holds = shape.kind === 'count' && shape.capacity ? ` (${shape.capacity})` : '';
    const room = (size(shape) / (y2 - y1 || 1)) * this.k, fits = (label) => label.length * 7 < room + 6;
    const label = fits(`${shape.id + short + holds}  `) ? shape.id + short + holds : shape.id;
    if (text.textContent !== label) text.textContent = label;
    text.setAttribute('x', x);
    text.setAttribute('y', y);
    text.classList.toggle('tiny', !fits(label) || (y2 - y1) * this.k < 11);
  }

  drawHandles({ doc, chosen, row }) {
    const shape = row ?? (chosen.size === 1 ? doc.shapes.find((s) => chosen.has(s.key)) : null);
    if (this.handled === shape) return;
    const points = shape?.points ?? [], wanted = points.length;
    while (this.ui.handles.children.length > wanted) this.ui.handles.lastChild.remove();
    while (this.ui.handles.children.length < wanted) {
      const group = make('g', { class: 'handle', tabindex: 0, role: 'button' }, this.ui.handles);
      make('circle', { class: 'reach' }, group);
      make('circle', {}, group);
    }
    const sides = points.map((p, n) => distance(p, points[(n + 1) % wanted]) * this.k);
    const reach = clamp(0.35 * Math.min(...sides), 4, this.isCoarse ? 18 : 9); // the middle stays free
    points.forEach(([x, y], n) => {
      const group = this.ui.handles.children[n];
      group.setAttribute('transform', `translate(${x} ${y})`);
      group.firstChild.setAttribute('r', reach / this.k);
      group.lastChild.setAttribute('r', Math.min(5.5, reach) / this.k);
      group.dataset.corner = n;
      group.setAttribute('aria-label', `corner ${n + 1} of ${shape.id ?? 'the row'}`);
    });
    this.handled = shape;
  }

  drawDraft({ points, hover, row, rowNames, marquee, cursor }) {
    const layer = this.ui.draft;
    if (!(points.length || row || marquee || cursor) && !layer.firstChild) return;
    layer.replaceChildren();
    const dot = (p) => make('circle', { class: 'dot', cx: p[0], cy: p[1], r: 4.5 / this.k }, layer);
    if (row && isConvex(row.points)) {
      subdivide(row.points, rowNames.length).forEach((part, n) => {
        make('polygon', { class: 'part', points: path(part) }, layer);
        const [x, y] = middle(part), { x1, x2 } = bounds(part);
        if (rowNames[n].length * 7 < (x2 - x1) * this.k + 6) make('text', { x, y }, layer).textContent = rowNames[n];
      });
    } else if (row) make('polygon', { class: 'bad', points: path(row.points) }, layer);
    if (points.length) make('polyline', { points: path(hover ? [...points, hover] : points) }, layer);
    points.forEach(dot);
    if (marquee) make('polygon', { class: 'marquee', points: path(marquee) }, layer);
    if (cursor) {
      const [x, y] = cursor, r = 14 / this.k;
      make('polyline', { points: path([[x - r, y], [x + r, y]]) }, layer);
      make('polyline', { points: path([[x, y - r], [x, y + r]]) }, layer);
    }
  }

  drawProposals(proposals) {
    if (this.proposals === proposals) return;
    this.proposals = proposals;
    this.ui.proposals.replaceChildren();
    for (const each of proposals) {
      const label = `proposed space ${each.id}: accept`;
      const attributes = { class: 'proposal', points: path(each.points), role: 'button', tabindex: 0 };
      make('polygon', { ...attributes, 'aria-label': label, 'data-proposal': each.key }, this.ui.proposals);
    }
  }
}

// -- the panel: what is asked and said ------------------------------------------------------------

const ORDINAL = ['first', 'second', 'third', 'last'];
const ROW_CORNERS = ['start of the row, left edge', 'end of the row, left edge',
  'end of the row, right edge', 'start of the row, right edge'];
const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;

class Panel {
  constructor(ui, editor) {
    Object.assign(this, { ui, editor });
    for (const [select, words] of [[ui.type, TYPES], [ui.kind, KINDS]]) {
      select.append(new Option('several', ''));
      select.append(...Object.entries(words).map(([value, text]) => new Option(text, value)));
      select.options[0].hidden = true;
    }
    const merged = { name: 'id', type: 'type', group: 'group', kind: 'kind', capacity: 'capacity' };
    for (const [ref, field] of Object.entries(merged)) {
      ui[ref].addEventListener('input', () => editor.setField(field, ui[ref].value));
      ui[ref].addEventListener('change', () => { editor.doc.tag = null; });
    }
    ui.rowNumber.addEventListener('input', () => editor.setRow({ number: ui.rowNumber.value }));
    ui.rowName.addEventListener('input', () => editor.setRow({ name: ui.rowName.value }));
  }

  say() {
    const { ui, editor, editor: { doc, row, points } } = this;
    const spaces = doc.shapes.filter((shape) => shape.what === 'space').length;
    const areas = doc.shapes.length - spaces;
    ui.count.textContent = plural(spaces, 'space') + (areas ? `, ${plural(areas, 'area')}` : '');
    const forbidden = doc.forbids();
    ui.unsaved.textContent = !doc.isDirty ? '' : forbidden ? `· not saved: ${forbidden}` : '· not saved yet';
    ui.save.disabled = Boolean(forbidden || doc.pending);
    ui.save.title = forbidden || 'Save (Ctrl+S)';
    ui.saveText.textContent = doc.pending ? 'Saving …' : 'Save';
    this.notice(ui.error, ui.error, doc.error);
    const stale = `Version ${doc.newest} was saved by somebody else meanwhile; yours began at ${doc.version}.`;
    this.notice(ui.stale, ui.staleText, doc.isStale ? stale : '');
    ui.hint.textContent = this.hint();
    ui.drawing.hidden = !(row || points.length || (editor.tool === 'row' && !editor.chosen.size));
    if (!ui.drawing.hidden) this.sayDrawing();
    const proposed = doc.now.proposals.length;
    ui.proposed.hidden = !proposed;
    ui.proposedText.textContent = `${plural(proposed, 'space')} proposed`;
    this.sayChosen();
    this.sayProblems();
    this.sayButtons();
  }

  notice(element, text, said) {
    element.hidden = !said;
    if (text.textContent !== said) text.textContent = said;
  }

  hint() {
    const { tool, row, points, doc } = this.editor;
    if (row) return isConvex(row.points) ? 'Set the number, then Enter' : 'The four corners must go around the row';
    if (tool === 'space') return `Click the ${ORDINAL[points.length]} corner of the space`;
    if (tool === 'row') return `Click the ${ROW_CORNERS[points.length]}`;
    if (tool === 'area') return points.length < 3 ? 'Click around the area' : 'Enter or the first corner closes it';
    return doc.shapes.length || tool === 'hand' ? '' : 'Choose Space or Row, then click on the photo';
  }

  sayDrawing() {
    const { ui, editor, editor: { tool, row, points, rowNames } } = this;
    ui.drawingTitle.textContent = { space: 'New space', row: 'New row', area: 'New area' }[tool];
    ui.rowFields.hidden = tool !== 'row';
    for (const [input, value] of [[ui.rowNumber, editor.rowNumber], [ui.rowName, rowNames[0] ?? '']]) {
      if (!isFocused(input) && input.value !== String(value)) input.value = value;
    }
    ui.rowNumber.setAttribute('aria-invalid', !rowNames.length);
    ui.finish.hidden = tool === 'space';
    ui.finish.disabled = tool === 'row' ? !(row && isConvex(row.points) && rowNames.length) : points.length < 3;
    ui.finish.textContent = tool === 'row' ? `Add ${plural(rowNames.length, 'space')}` : 'Close the area';
    ui.turn.hidden = !row;
    ui.drawing.querySelector('[data-do=takeBack]').hidden = !points.length;
    ui.drawing.querySelector('[data-do=cancel]').hidden = !(points.length || row);
  }

  sayChosen() {
    const { ui, editor: { chosenShapes: shapes, doc } } = this;
    ui.chosen.hidden = !shapes.length;
    if (!shapes.length) return;
    const [first] = shapes, isOne = shapes.length === 1;
    const all = (what) => shapes.every((shape) => shape.what === what);
    const word = all('space') ? 'space' : all('area') ? 'area' : 'place';
    const title = `${first.what === 'space' ? 'Space' : 'Area'} ${first.id}`;
    ui.chosenTitle.textContent = isOne ? title : plural(shapes.length, word);
    ui.nameLabel.textContent = isOne ? 'Name' : 'Names, from';
    ui.name.setAttribute('aria-invalid', isOne && !first.id.trim());
    ui.spaceFields.hidden = !all('space');
    ui.areaFields.hidden = !all('area');
    ui.capacityLabel.hidden = shapes.some((shape) => shape.kind === 'ignore');
    const common = (field) => (shapes.every((shape) => shape[field] === first[field]) ? first[field] ?? '' : '');
    for (const ref of ['name', 'type', 'group', 'kind', 'capacity']) {
      const value = ref === 'name' ? first.id : common(ref);
      if (!(isFocused(ui[ref]) && doc.tag) && ui[ref].value !== String(value)) ui[ref].value = value;
    }
  }

  sayProblems() {
    const { ui, editor: { doc, overlaps } } = this;
    const keysOf = new Map(); // what two have in common, as their name, is said once
    for (const shape of doc.shapes) {
      if (!doc.problems().has(shape.key)) continue;
      const text = `${shape.id.trim() || `A ${shape.what}`} ${doc.problems().get(shape.key)}`;
      keysOf.set(text, [...(keysOf.get(text) ?? []), shape.key]);
    }
    const found = [...keysOf].map(([text, keys]) => ({ keys, text, look: 'bad' }));
    for (const [a, b] of overlaps) {
      found.push({ keys: [a.key, b.key], text: `${a.id} and ${b.id} overlap`, look: '' });
    }
    const said = JSON.stringify(found);
    if (said === this.said) return;
    this.said = said;
    ui.problems.replaceChildren(...found.slice(0, 6).map(({ keys, text, look }) => {
      const button = Object.assign(document.createElement('button'), { textContent: text, className: look });
      button.onclick = () => this.editor.goTo(keys);
      return listed(button);
    }));
    const more = Object.assign(document.createElement('span'), { textContent: `and ${found.length - 6} more` });
    if (found.length > 6) ui.problems.append(listed(more));
  }

  sayButtons() {
    const { ui, editor } = this;
    const off = { undo: !editor.doc.past.length && !editor.points.length, redo: !editor.doc.future.length,
      duplicate: !editor.chosen.size, remove: !editor.chosen.size };
    for (const name in off) ui[name].disabled = off[name];
    for (const button of ui.tools) button.setAttribute('aria-pressed', button.dataset.tool === editor.tool);
  }
}

const isFocused = (element) => element.getRootNode().activeElement === element;
const listed = (child) => {
  const item = document.createElement('li');
  item.append(child);
  return item;
};

// -- the editor: pointers and keys -----------------------------------------------------------------

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const TOOL_KEYS = { v: 'select', h: 'hand', s: 'space', r: 'row', a: 'area' };
const DO_KEYS = {
  '+': 'zoomIn', '=': 'zoomIn', '-': 'zoomOut', 0: 'fit', t: 'turn', Delete: 'remove', Escape: 'cancel',
};
const MOD_KEYS = { z: 'undo', y: 'redo', c: 'copy', v: 'paste', a: 'chooseAll', s: 'save' };

class Editor {
  constructor(root) {
    Object.assign(this, { root, tool: 'select', chosen: new Set(), overlaps: [] });
    Object.assign(this, { points: [], hover: null, cursor: null }); // what is being drawn
    Object.assign(this, { row: null, rowNumber: 10, rowName: '', rowNames: [] }); // or divided
    Object.assign(this, { pointers: new Map(), gesture: null, marquee: null, isSpaceHeld: false });
    const ui = (this.ui = { tools: [...root.querySelectorAll('[data-tool]')] });
    root.querySelectorAll('[data-do]').forEach((button) => { ui[button.dataset.do] = button; });
    root.querySelectorAll('[data-ref]').forEach((element) => { ui[element.dataset.ref] = element; });
    this.stage = new Stage(ui);
    this.panel = new Panel(ui, this);
    root.addEventListener('click', (event) => this.clicked(event.target.closest('button')));
    for (const name of ['keydown', 'keyup', 'keypress']) {
      root.addEventListener(name, (event) => { // Streamlit's own keys (C, R) are not meant here
        event.stopPropagation();
        if (name !== 'keypress') this[name](event);
      });
    }
    const on = (name, act) => ui.svg.addEventListener(name, act, { passive: false });
    on('pointerdown', (event) => this.down(event));
    on('pointermove', (event) => this.move(event));
    on('pointerup', (event) => this.up(event));
    on('pointercancel', (event) => this.up(event, true));
    on('pointerleave', () => { this.hover = null; this.refresh(); });
    on('wheel', (event) => this.wheel(event));
    on('contextmenu', (event) => event.preventDefault());
    on('blur', () => { this.isSpaceHeld = false; });
    new ResizeObserver(() => {
      root.classList.toggle('narrow', root.clientWidth <= 720);
      if (!this.doc) return;
      if (this.stage.isFitted) this.stage.fit();
      else this.stage.look(this.stage.x, this.stage.y, this.stage.k);
      this.refresh();
    }).observe(root);
  }

  update(data, send) {
    this.send = send;
    if (this.doc?.key !== data.key) {
      this.reset('select');
      this.chosen.clear();
      if (!documents.has(data.key)) documents.set(data.key, new Document(data));
      this.doc = documents.get(data.key);
    }
    this.doc.receive(data);
    this.stage.show(this.doc, data);
    this.refresh();
  }

  get isDrawing() { return ['space', 'row', 'area'].includes(this.tool) && !this.row; }
  get chosenShapes() { return this.doc.shapes.filter((shape) => this.chosen.has(shape.key)); }

  refresh() { // once a frame, however much happens
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      const there = new Set(this.doc.shapes.map((shape) => shape.key));
      this.chosen.forEach((key) => there.has(key) || this.chosen.delete(key));
      const { activeElement } = this.root.getRootNode();
      this.nameRow();
      this.stage.draw(this);
      this.panel.say();
      this.keepFocus(activeElement);
      if (this.compared !== this.doc.shapes) this.compareLater();
    });
  }

  keepFocus(element) { // keys go on working where what was pressed is gone or off now
    if (!element || element === this.ui.svg) return;
    const isOff = element.matches('button, input, select') && (element.disabled || !element.getClientRects().length);
    if (isOff || !element.isConnected) this.ui.svg.focus({ preventScroll: true });
  }

  compareLater() {
    this.compared = this.doc.shapes;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.overlaps = overlapping(this.doc.shapes);
      this.refresh();
    }, 250);
  }

  choose(keys, { focus = false } = {}) {
    this.chosen = new Set(keys);
    this.doc.tag = null;
    this.refresh();
    const polygon = () => this.stage.nodes.get([...this.chosen][0])?.polygon;
    if (focus) requestAnimationFrame(() => polygon()?.focus({ preventScroll: true }));
  }

  goTo(keys) {
    this.choose(keys, { focus: true });
    this.stage.reveal(this.chosenShapes.flatMap((shape) => shape.points));
  }

  // -- drawing

  reset(tool = this.tool) {
    Object.assign(this, { tool, points: [], row: null, hover: null, cursor: null, rowName: '' });
  }

  snap(point, event, except = null) { // to a corner that is there, unless Alt is held
    if (event?.altKey) return point;
    let best = point, nearest = 6 / this.stage.k;
    for (const shape of this.doc.shapes) {
      if (shape.key === except) continue;
      for (const corner of shape.points) {
        const away = distance(corner, point);
        if (away < nearest) [best, nearest] = [corner, away];
      }
    }
    return best;
  }

  place(point) {
    const { points, tool } = this, near = (p) => distance(p, point) * this.stage.k;
    const isClosing = tool === 'area' && points.length >= 3;
    if (isClosing && (near(points[0]) < 10 || near(points.at(-1)) < 1)) return this.finish();
    if (points.length && near(points.at(-1)) < 2) return;
    points.push(point);
    this.chosen.clear();
    if (tool === 'row' && points.length === 4) {
      this.row = { points: rowOf(points) };
      Object.assign(this, { points: [], hover: null, cursor: null });
    } else if ((tool === 'space' && points.length === 4) || points.length === MOST_CORNERS) this.finish();
    this.refresh();
  }

  finish() {
    const { tool, doc } = this;
    let made = [];
    if (tool === 'row') {
      this.nameRow(); // Enter may come before the frame in which what was typed is drawn
      if (!this.row || !isConvex(this.row.points) || !this.rowNames.length) return;
      const parts = subdivide(this.row.points, this.rowNames.length);
      made = parts.map((part, n) => space(this.rowNames[n], rounded(part)));
    } else if (tool === 'area') {
      if (this.points.length < 3) return;
      const [id] = freeSeries(doc.shapes, 'Area 1', 1);
      made = [place(id, rounded(this.points))];
    } else if (this.points.length === 4) {
      const [id] = freeSeries(doc.shapes, doc.pattern, 1);
      made = [space(id, rounded(this.points))];
    }
    doc.add(made);
    this.reset();
    this.choose(made.map((shape) => shape.key));
    this.ui.svg.focus({ preventScroll: true });
  }

  setRow({ number, name }) {
    if (number !== undefined) this.rowNumber = number;
    if (name !== undefined) this.rowName = name;
    this.refresh();
  }

  nameRow() {
    if (this.tool !== 'row') return;
    const number = Number(this.rowNumber);
    const isNumber = Number.isInteger(number) && number >= 1 && number <= MOST_IN_ROW;
    if (!isNumber) this.rowNames = [];
    else if (this.rowName.trim()) this.rowNames = series(this.rowName.trim(), number);
    else this.rowNames = freeSeries(this.doc.shapes, this.doc.pattern, number);
  }

  // -- what buttons and keys do

  clicked(button) {
    if (!button || this.doc.pending) return;
    if (button.dataset.tool) {
      this.reset(button.dataset.tool);
      this.ui.svg.focus({ preventScroll: true });
    } else if (button.dataset.do) this[button.dataset.do]();
    this.refresh();
  }

  undo() {
    if (this.points.length) this.takeBack();
    else this.doc.undo();
  }

  redo() { this.doc.redo(); }
  zoomIn() { this.stage.zoom(1.4); }
  zoomOut() { this.stage.zoom(1 / 1.4); }
  fit() { this.stage.fit(); }
  takeBack() { this.points.pop(); }
  turn() { if (this.row) this.row = { points: [...this.row.points.slice(1), this.row.points[0]] }; }
  loadNewest() { this.doc.loadNewest(); }
  chooseAll() { this.choose(this.doc.shapes.map((shape) => shape.key)); }
  copy() { this.clipboard = this.chosenShapes; }
  paste() { this.clipboard = this.addBeside(this.clipboard ?? []); }
  duplicate() { this.addBeside(this.chosenShapes); }
  acceptAll() { this.accept(this.doc.now.proposals); }
  rejectAll() { this.doc.set(this.doc.shapes, { proposals: [] }); }

  remove() {
    if (!this.chosen.size) return;
    this.doc.set(this.doc.shapes.filter((shape) => !this.chosen.has(shape.key)));
    this.ui.svg.focus({ preventScroll: true });
  }

  cancel() {
    if (this.gesture) {
      this.gesture.undo?.();
      this.gesture = null;
    } else if (this.points.length || this.row || this.cursor) this.reset();
    else if (this.chosen.size) this.chosen.clear();
    else this.tool = 'select';
  }

  save() {
    if (this.doc.forbids() || this.doc.pending) return;
    const payload = this.doc.payload(), { doc } = this;
    this.send(payload);
    setTimeout(() => { // the connection may be lost
      if (doc.pending !== payload.nonce) return;
      doc.pending = '';
      doc.error = 'The server did not answer. Whether it was saved shows when it does.';
      this.refresh();
    }, 20000);
  }

  accept(proposals) {
    const taken = new Set(proposals), made = [];
    for (const each of proposals) {
      const isFree = ![...this.doc.shapes, ...made].some((shape) => shape.id === each.id);
      const [id] = isFree ? [each.id] : freeSeries([...this.doc.shapes, ...made], each.id, 1);
      made.push(withKey({ ...each, id }));
    }
    this.doc.add(made, this.doc.now.proposals.filter((each) => !taken.has(each)));
    this.choose(made.map((shape) => shape.key));
  }

  // Copies lie beside what they are copies of: across a space's shorter side, as the next one would.
  addBeside(shapes) {
    if (!shapes.length) return [];
    const { w, h } = this.stage, all = bounds(shapes.flatMap((shape) => shape.points));
    let [dx, dy] = [all.x2 - all.x1, 0];
    if (shapes.length === 1 && shapes[0].points.length === 4) {
      const sides = shapes[0].points.map((p, n) => middle([p, shapes[0].points[(n + 1) % 4]]));
      const pairs = [[sides[0], sides[2]], [sides[1], sides[3]]];
      const [a, b] = pairs.reduce((one, other) => (distance(...one) < distance(...other) ? one : other));
      [dx, dy] = a[0] < b[0] ? [b[0] - a[0], b[1] - a[1]] : [a[0] - b[0], a[1] - b[1]];
    }
    const fits = all.x2 + dx <= w && all.y2 + dy <= h && all.y1 + dy >= 0;
    [dx, dy] = this.within(all, fits ? [dx, dy] : [-dx, -dy]);
    const made = [];
    for (const shape of shapes) {
      const [id] = freeSeries([...this.doc.shapes, ...made], shape.id, 1);
      made.push(withKey({ ...shape, id, points: rounded(shape.points.map(([x, y]) => [x + dx, y + dy])) }));
    }
    this.doc.add(made);
    this.choose(made.map((shape) => shape.key), { focus: true });
    return made;
  }

  within(all, [dx, dy]) { // as much of a shift as keeps everything on the photo
    return [clamp(dx, -all.x1, this.stage.w - all.x2), clamp(dy, -all.y1, this.stage.h - all.y2)];
  }

  setField(field, value) {
    const keys = new Set(this.chosen), tag = `${field} ${[...keys]}`;
    if (field === 'capacity') this.doc.change(keys, () => ({ capacity: value === '' ? null : Number(value) }), tag);
    else if (field !== 'id') this.doc.change(keys, () => ({ [field]: value }), tag);
    else {
      const names = keys.size === 1 ? [value] : series(value, keys.size);
      if (this.chosenShapes.some((shape) => shape.what === 'space') && value.trim()) this.doc.named = names.at(-1);
      this.doc.change(keys, () => ({ id: names.shift() }), tag);
    }
    this.refresh();
  }

  shift(shapes, step, tag) {
    const all = bounds(shapes.flatMap((shape) => shape.points)), [dx, dy] = this.within(all, step);
    const from = new Map(shapes.map((shape) => [shape.key, shape]));
    const moved = (shape) => ({ points: rounded(from.get(shape.key).points.map(([x, y]) => [x + dx, y + dy])) });
    this.doc.change(new Set(from.keys()), moved, tag);
  }

  setCorner(corner, point, tag) {
    const put = (points) => points.map((p, n) => (n === corner ? point : p));
    if (this.row) this.row = { points: put(this.row.points) };
    else this.doc.change(this.chosen, (shape) => ({ points: rounded(put(shape.points)) }), tag);
  }

  // -- keys

  keydown(event) {
    const { target, key } = event, isMod = event.ctrlKey || event.metaKey, lower = key.toLowerCase();
    if (this.doc.pending) return;
    if (target.matches('input, select')) {
      if (key === 'Escape') this.ui.svg.focus({ preventScroll: true });
      if (key === 'Enter' && this.ui.rowFields.contains(target)) this.finish();
      if (!(isMod && lower === 's') && key !== 'Escape') return this.refresh();
    }
    if (target.matches('button') && [' ', 'Enter'].includes(key)) return;
    if (isMod) {
      if (!MOD_KEYS[lower]) return;
      this[lower === 'z' && event.shiftKey ? 'redo' : MOD_KEYS[lower]]();
    } else if (event.altKey) return;
    else if (key === ' ') this.isSpaceHeld = true;
    else if (key === 'Backspace') this[this.points.length ? 'takeBack' : 'remove']();
    else if (key === 'Enter') this.enter(target);
    else if (ARROWS[key]) this.arrow(target, ARROWS[key], event.shiftKey);
    else if (key === 'PageDown' || key === 'PageUp') this.chooseNext(key === 'PageDown' ? 1 : -1);
    else if (TOOL_KEYS[lower]) this.reset(TOOL_KEYS[lower]);
    else if (DO_KEYS[key]) this[DO_KEYS[key]]();
    else return;
    event.preventDefault();
    this.refresh();
  }

  keyup(event) {
    if (event.key !== ' ') return;
    this.isSpaceHeld = false;
    this.refresh();
  }

  enter(target) {
    const proposal = this.proposalAt(target);
    if (proposal) this.accept([proposal]);
    else if (this.isDrawing && this.cursor) this.place(this.snap(this.cursor));
    else if (this.row || this.points.length) this.finish();
    else if (target.dataset.key) this.choose([Number(target.dataset.key)]);
  }

  arrow(target, [x, y], isShift) {
    const corner = target.closest?.('.handle')?.dataset.corner;
    if (corner !== undefined) {
      const step = isShift ? 10 : 1, shape = this.row ?? this.chosenShapes[0], from = shape.points[corner];
      const to = [clamp(from[0] + step * x, 0, this.stage.w), clamp(from[1] + step * y, 0, this.stage.h)];
      this.setCorner(Number(corner), to, `corner ${shape.key} ${corner}`);
    } else if (this.isDrawing) { // a cross that Enter puts corners at
      const step = (isShift ? 1 : 12) / this.stage.k, { stage } = this;
      const [left, top] = this.cursor ?? stage.at(centre(stage.svg));
      this.cursor = [clamp(left + step * x, 0, stage.w), clamp(top + step * y, 0, stage.h)];
      this.hover = this.cursor;
      stage.reveal([this.cursor]);
    } else if (this.chosen.size) {
      const step = isShift ? 10 : 1;
      this.shift(this.chosenShapes, [step * x, step * y], `nudge ${[...this.chosen]}`);
    } else this.stage.shift(40 * x, 40 * y);
  }

  chooseNext(step) {
    const { shapes } = this.doc, at = shapes.findIndex((shape) => this.chosen.has(shape.key));
    const next = shapes.at(at < 0 && step < 0 ? -1 : (at + step) % shapes.length);
    if (next) this.goTo([next.key]);
  }

  // -- pointers

  proposalAt(target) {
    const key = Number(target.dataset?.proposal);
    return this.doc.now.proposals.find((each) => each.key === key);
  }

  down(event) {
    if (this.doc.pending || event.button === 2) return;
    if (event.button === 1) event.preventDefault();
    this.ui.svg.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
    this.cursor = null;
    if (this.pointers.size === 1) {
      this.gesture = { start: event, ...this.begin(event) };
    } else if (this.pointers.size === 2) {
      this.gesture?.undo?.();
      this.gesture = this.pinching();
    }
    this.refresh();
  }

  move(event) {
    const { gesture } = this;
    if (this.pointers.has(event.pointerId)) this.pointers.set(event.pointerId, event);
    if (this.isDrawing) this.hover = this.snap(this.stage.at(event), event);
    if (gesture) {
      const away = Math.hypot(event.clientX - gesture.start.clientX, event.clientY - gesture.start.clientY);
      gesture.isDrag ||= away > (event.pointerType === 'mouse' ? 3 : 8);
      if (gesture.isDrag) gesture.move?.(event);
    }
    if (gesture || this.points.length) this.refresh();
  }

  up(event, isCancelled = false) {
    if (!this.pointers.delete(event.pointerId)) return;
    const { gesture } = this;
    if (!gesture) return;
    this.gesture = null;
    this.marquee = null;
    if (isCancelled) gesture.undo?.();
    else if (gesture.isDrag) gesture.drop?.(event);
    else gesture.click?.(event);
    this.doc.tag = null;
    if (gesture.isPinch) this.pointers.clear();
    if (event.pointerType !== 'mouse') this.hover = null;
    this.refresh();
  }

  begin(event) { // what a pointer that goes down may become: a click or a drag
    if (event.button === 1 || this.tool === 'hand' || this.isSpaceHeld) return this.panning(event);
    const hit = event.target.closest('.handle, .shape, .proposal');
    const draws = (at) => this.place(this.snap(this.stage.at(at), at));
    if (this.isDrawing && (this.points.length || !hit)) return { click: draws, drop: draws };
    if (hit?.matches('.handle')) {
      const reshaping = this.reshaping(Number(hit.dataset.corner));
      return this.isDrawing ? { ...reshaping, click: draws } : reshaping;
    }
    if (this.row) return this.panning(event);
    const key = Number(hit?.dataset.key), isChosen = this.chosen.has(key);
    if (this.isDrawing) return isChosen ? { ...this.moving(event), click: draws } : { click: draws, drop: draws };
    if (hit?.matches('.proposal')) return { click: () => this.accept([this.proposalAt(hit)]) };
    if (!hit) return { ...this.choosing(event), click: () => event.shiftKey || this.choose([]) };
    const click = () => this.choose(event.shiftKey ? [...this.chosen].filter((k) => k !== key) : [key]);
    if (event.shiftKey && !isChosen) return { click: () => this.choose([...this.chosen, key]) };
    if (event.pointerType === 'mouse' && !isChosen) this.choose([key]);
    else if (!isChosen) return { ...this.choosing(event), click }; // a finger chooses before it moves
    return { ...this.moving(event), click };
  }

  panning(event) {
    let last = event;
    const move = (to) => {
      this.stage.shift(last.clientX - to.clientX, last.clientY - to.clientY);
      last = to;
    };
    return { move };
  }

  pinching() {
    const two = () => [...this.pointers.values()].map((p) => [p.clientX, p.clientY]);
    const frame = this.ui.svg.getBoundingClientRect(), [a, b] = two(), { k } = this.stage;
    const [left, top] = middle([a, b]);
    const held = this.stage.at({ clientX: left, clientY: top }, false);
    this.stage.isFitted = false;
    const move = () => {
      const [c, d] = two();
      if (!d) return;
      const [toLeft, toTop] = middle([c, d]);
      const to = clamp((k * distance(c, d)) / distance(a, b), this.stage.least / 2, MOST_ZOOM);
      this.stage.look(held[0] - (toLeft - frame.left) / to, held[1] - (toTop - frame.top) / to, to);
    };
    return { start: { clientX: 0, clientY: 0 }, isPinch: true, isDrag: true, move };
  }

  reshaping(corner) {
    const tag = Symbol('reshape'), before = this.row, except = [...this.chosen][0];
    const move = (to) => this.setCorner(corner, this.snap(this.stage.at(to), to, except), tag);
    return { move, undo: () => (before ? (this.row = before) : this.takeBackIf(tag)) };
  }

  moving(event) {
    const tag = Symbol('move'), from = this.stage.at(event, false);
    let shapes = null;
    const move = (to) => {
      shapes ??= this.chosenShapes;
      const at = this.stage.at(to, false);
      this.shift(shapes, [at[0] - from[0], at[1] - from[1]], tag);
    };
    return { move, undo: () => this.takeBackIf(tag) };
  }

  takeBackIf(tag) { // a drag that was broken off leaves no trace
    if (this.doc.tag !== tag) return;
    this.doc.undo();
    this.doc.future.pop();
  }

  choosing(event) {
    const [x, y] = this.stage.at(event), before = event.shiftKey ? [...this.chosen] : [];
    const move = (to) => {
      const [a, b] = this.stage.at(to);
      this.marquee = [[x, y], [a, y], [a, b], [x, b]];
      const { x1, y1, x2, y2 } = bounds(this.marquee);
      const isIn = (shape) => ((p) => p[0] > x1 && p[0] < x2 && p[1] > y1 && p[1] < y2)(middle(shape.points));
      this.choose([...before, ...this.doc.shapes.filter(isIn).map((shape) => shape.key)]);
    };
    return { move, undo: () => { this.marquee = null; } };
  }

  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 20 : 1;
    this.stage.zoom(Math.exp(clamp(-event.deltaY * lines, -240, 240) / 400), event);
    this.refresh();
  }
}

const centre = (element) => {
  const frame = element.getBoundingClientRect();
  return { clientX: frame.left + frame.width / 2, clientY: frame.top + frame.height / 2 };
};

// -- the way in ----------------------------------------------------------------------------------

const editors = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector('.editor');
  if (!editors.has(root)) editors.set(root, new Editor(root));
  editors.get(root).update(data, (payload) => setTriggerValue('save', payload));
}
