'use strict';
// The values under the pointer, in all plots of a stream at once; read from the curves themselves.
const columnsOf = new Map();
const columns = (path) => {
  if (columnsOf.has(path)) return columnsOf.get(path);
  const found = new Map();
  let x = 0, y = 0;
  const note = () => {
    const range = found.get(x);
    found.set(x, range ? [Math.min(range[0], y), Math.max(range[1], y)] : [y, y]);
  };
  for (const [, kind, rest] of path.getAttribute('d').matchAll(/([Mlv])([^Mlv]*)/g)) {
    const numbers = rest.match(/-?\d+/g).map(Number);
    if (kind === 'M') [x, y] = numbers;
    else if (kind === 'l') { x += numbers[0]; y += numbers[1]; }
    else y += numbers[0];
    note();
  }
  columnsOf.set(path, found);
  return found;
};
const clock = (s) => s < 60 ? s.toFixed(1) + ' s'
  : (s >= 3600 ? Math.floor(s / 3600) + ':' : '') + String(Math.floor(s / 60) % 60).padStart(s >= 3600 ? 2 : 1, '0')
  + ':' + String(Math.floor(s % 60)).padStart(2, '0');
const short = (v) => String(+v.toPrecision(3));
for (const stream of document.querySelectorAll('section.stream')) {
  const plots = [...stream.querySelectorAll('svg[data-from]')].map((svg) => {
    const cursor = document.createElement('div');
    cursor.className = 'cursor';
    cursor.hidden = true;
    svg.parentNode.append(cursor);
    const now = document.createElement('span');
    now.className = 'now';
    svg.closest('figure').querySelector('figcaption').append(now);
    return {svg, cursor, now, view: svg.viewBox.baseVal, ...svg.dataset};
  });
  const show = (share) => {
    for (const {svg, cursor, now, view, low, high, from, to, unit} of plots) {
      cursor.hidden = share === null;
      now.textContent = '';
      if (share === null) continue;
      cursor.style.left = 100 * share + '%';
      const x = Math.min(view.width - 1, Math.floor(share * view.width));
      const parts = [];
      for (const path of svg.querySelectorAll('.line')) {
        const rows = columns(path);
        const at = rows.get(x) || rows.get(x - 1) || rows.get(x + 1);
        if (!at) continue;
        const [top, bottom] = at.map((row) => +high - row / view.height * (high - low));
        const value = short(bottom) === short(top) ? short(top) : short(bottom) + ' to ' + short(top);
        parts.push((path.dataset.name ? path.dataset.name + ' ' : '') + value);
      }
      now.textContent = clock(+from + share * (to - from)) + (parts.length ? ': ' + parts.join(', ') + ' ' + unit : '');
    }
  };
  for (const {svg} of plots) {
    const move = (event) => {
      const area = svg.getBoundingClientRect();
      show(Math.min(1, Math.max(0, (event.clientX - area.left) / area.width)));
    };
    svg.addEventListener('pointermove', move);
    svg.addEventListener('pointerdown', move);
    svg.addEventListener('pointerleave', (event) => event.pointerType === 'mouse' && show(null));
  }
}
