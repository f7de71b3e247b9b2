"use strict";
// The page shows the drawing without this script; it adds pan, zoom, keys, search and what is known of a node.
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  root.classList.add("js");

  // What a reader chose, kept where the browser allows it (from a file it may not).
  const remember = (key, value) => { try { localStorage.setItem(`nbgit-${key}`, value); } catch { /* not kept */ } };
  const recall = (key) => { try { return localStorage.getItem(`nbgit-${key}`); } catch { return null; } };
  const isDark = () => root.dataset.theme
    ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember("theme", root.dataset.theme);
  };
  if (["dark", "light"].includes(recall("theme"))) root.dataset.theme = recall("theme");

  // The part of the drawing that is in sight is its viewBox.
  const stage = one(".stage"), svg = one(".stage > svg");
  const whole = svg.viewBox.baseVal;
  const full = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  let sight = { x: 0, y: 0, scale: 1 }; // the left upper corner in the drawing, and pixels of screen for one of it
  const draw = () => {
    const box = stage.getBoundingClientRect();
    svg.setAttribute("viewBox", `${sight.x} ${sight.y} ${box.width / sight.scale} ${box.height / sight.scale}`);
  };
  const showAll = () => {
    const box = stage.getBoundingClientRect();
    const scale = Math.max(0.05, Math.min(box.width / full.width, box.height / full.height, 1.25));
    sight = {
      scale,
      x: full.x - (box.width / scale - full.width) / 2,
      y: full.y - (box.height / scale - full.height) / 2,
    };
    draw();
  };
  const READABLE = 0.45; // below it no text can be read: then only a part is shown at first
  const within = (at, from, size, room) => size <= room
    ? from - (room - size) / 2 : Math.max(from, Math.min(at, from + size - room));
  const start = () => {
    showAll();
    if (sight.scale >= READABLE) return;
    // What was asked about, else where reading begins: the first box of the first column.
    const place = (node) => node.getBoundingClientRect();
    const before = (a, b) => (place(b).left - place(a).left || place(b).top - place(a).top) < 0 ? b : a;
    const boxes = all(".node", svg);
    const asked = one(".node.target", svg) || (boxes.length ? boxes.reduce(before) : null);
    if (!asked) return;
    const box = stage.getBoundingClientRect();
    const scale = READABLE * 1.4, wide = box.width / scale, high = box.height / scale;
    const x = sight.x + (place(asked).left - box.left) / sight.scale - wide / 3;
    const y = sight.y + (place(asked).top - box.top) / sight.scale - high / 3;
    sight = { scale, x: within(x, full.x, full.width, wide), y: within(y, full.y, full.height, high) };
    draw();
  };
  const zoom = (factor, at) => {
    const box = stage.getBoundingClientRect();
    const point = at || { x: box.left + box.width / 2, y: box.top + box.height / 2 };
    const scale = Math.max(0.05, Math.min(6, sight.scale * factor));
    const x = sight.x + (point.x - box.left) / sight.scale, y = sight.y + (point.y - box.top) / sight.scale;
    sight = { scale, x: x - (point.x - box.left) / scale, y: y - (point.y - box.top) / scale };
    draw();
  };
  const pan = (x, y) => { sight.x += x / sight.scale; sight.y += y / sight.scale; draw(); };
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    const size = event.deltaMode === 1 ? 16 : 1;
    if (event.shiftKey) pan(event.deltaY * size, event.deltaX * size);
    else zoom(Math.exp(-event.deltaY * size * (event.ctrlKey ? 0.01 : 0.0015)), { x: event.clientX, y: event.clientY });
  }, { passive: false });

  // One finger or the mouse drags, two fingers zoom.
  const fingers = new Map();
  let moved = 0;
  stage.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 1) moved = 0;
  });
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return { size: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    if (fingers.size === 2) {
      const old = spread();
      fingers.set(event.pointerId, now);
      const fresh = spread();
      if (old.size > 0) zoom(fresh.size / old.size, fresh);
      pan(old.x - fresh.x, old.y - fresh.y);
      moved = 99;
      return;
    }
    moved += Math.hypot(now.x - before.x, now.y - before.y);
    if (moved > 4) {
      if (!stage.hasPointerCapture(event.pointerId)) stage.setPointerCapture(event.pointerId);
      stage.classList.add("dragged");
      pan(before.x - now.x, before.y - now.y);
    }
    fingers.set(event.pointerId, now);
  });
  const release = (event) => { fingers.delete(event.pointerId); stage.classList.remove("dragged"); };
  for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, release);

  // What a node rests on, and what rests on it.
  const nodes = all(".node", svg), edges = all(".edge", svg);
  const told = one(".told");
  let current = null;
  const reach = (start, from, to) => {
    const found = new Set([start]), todo = [start];
    while (todo.length) {
      const id = todo.pop();
      for (const edge of edges) {
        if (edge.dataset[from] === id && !found.has(edge.dataset[to])) {
          found.add(edge.dataset[to]);
          todo.push(edge.dataset[to]);
        }
      }
    }
    return found;
  };
  // A figure stands beside its cell: no line is drawn to it, but the two belong together.
  for (const node of nodes) if (node.dataset.of) edges.push({ dataset: { from: node.dataset.of, to: node.id }, classList: new Set() });
  const choose = (node) => {
    for (const old of all(".near, .here", svg)) old.classList.remove("near", "here");
    svg.classList.toggle("chosen", Boolean(node));
    told.classList.toggle("open", Boolean(node));
    for (const section of all("section", told)) section.hidden = !node || section.dataset.of !== node.id;
    current = node;
    if (!node) return;
    const before = reach(node.id, "to", "from"), after = reach(node.id, "from", "to");
    for (const each of nodes) if (before.has(each.id) || after.has(each.id)) each.classList.add("near");
    for (const edge of edges) {
      const { from, to } = edge.dataset;
      if ((before.has(from) && before.has(to)) || (after.has(from) && after.has(to))) edge.classList.add("near");
    }
    node.classList.add("here");
  };
  const bringIn = (node) => {
    const box = node.getBoundingClientRect(), room = stage.getBoundingClientRect();
    const inside = box.left >= room.left && box.right <= room.right && box.top >= room.top && box.bottom <= room.bottom;
    if (!inside) pan(box.left + box.width / 2 - room.left - room.width / 2, box.top + box.height / 2 - room.top - room.height / 2);
  };
  const go = (node) => { if (node) { choose(node); bringIn(node); } };
  stage.addEventListener("click", (event) => {
    if (moved > 4) return;
    const node = event.target.closest(".node");
    choose(node === current ? null : node);
  });
  const step = (count) => {
    const at = nodes.indexOf(current);
    go(nodes[at < 0 ? 0 : (at + count + nodes.length) % nodes.length]);
  };
  const follow = (from, to) => {
    const edge = current && edges.find((each) => each.dataset[from] === current.id);
    if (edge) go(document.getElementById(edge.dataset[to]));
  };

  // Search.
  const search = one("#search");
  const look = () => {
    const words = search.value.trim().toLowerCase();
    for (const node of nodes) {
      const section = one(`section[data-of="${node.id}"]`);
      const text = `${node.textContent} ${section ? section.textContent : ""}`.toLowerCase();
      node.classList.toggle("found", Boolean(words) && text.includes(words));
    }
  };
  search.addEventListener("input", look);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      const found = nodes.filter((node) => node.classList.contains("found"));
      if (found.length) go(found[(found.indexOf(current) + 1) % found.length]);
    } else if (event.key === "Escape") {
      search.value = "";
      look();
      search.blur();
    }
    event.stopPropagation();
  });

  // Keys and buttons.
  const help = one("#help");
  const toggleHelp = () => { if (help.open) help.close(); else help.showModal(); };
  const doing = {
    smaller: () => zoom(1 / 1.3), larger: () => zoom(1.3), all: showAll, theme, help: toggleHelp, close: () => help.close(),
  };
  for (const button of all("[data-do]")) button.addEventListener("click", doing[button.dataset.do]);
  const keys = {
    "ArrowLeft": () => pan(-80, 0), "ArrowRight": () => pan(80, 0), "ArrowUp": () => pan(0, -80), "ArrowDown": () => pan(0, 80),
    "+": doing.larger, "=": doing.larger, "-": doing.smaller, "0": showAll, "t": theme, "?": toggleHelp,
    "j": () => step(1), "k": () => step(-1), "l": () => follow("from", "to"), "h": () => follow("to", "from"),
    "/": () => search.focus(), "Escape": () => choose(null),
  };
  document.addEventListener("keydown", (event) => {
    const act = !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key];
    if (!act || (help.open && event.key !== "?")) return;
    event.preventDefault();
    act();
  });
  new ResizeObserver(draw).observe(stage);
  start();
})();
