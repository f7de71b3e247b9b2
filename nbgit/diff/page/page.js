"use strict";
// The page reads without this script: it adds the keys, the two layouts, the theme and the ways to compare pictures.
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("js");

  // What a reader chose, kept where the browser allows it (from a file it may not).
  const remember = (key, value) => { try { localStorage.setItem(`nbgit-${key}`, value); } catch { /* not kept */ } };
  const recall = (key) => { try { return localStorage.getItem(`nbgit-${key}`); } catch { return null; } };

  const show = (view) => {
    root.dataset.view = view;
    for (const button of all(".tools [data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
    }
  };
  const choose = (view) => { show(view); remember("view", view); };
  const isDark = () => root.dataset.theme
    ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember("theme", root.dataset.theme);
  };
  const outputs = () => {
    root.dataset.outputs = root.dataset.outputs === "hidden" ? "shown" : "hidden";
    const shown = root.dataset.outputs === "shown";
    for (const button of all("[data-do=outputs]")) button.setAttribute("aria-pressed", String(shown));
  };
  if (["dark", "light"].includes(recall("theme"))) root.dataset.theme = recall("theme");
  if (["split", "unified"].includes(recall("view"))) show(recall("view"));
  else if (innerWidth < 820) show("unified");

  // What sticks below the bar needs its height.
  const bar = document.querySelector(".bar");
  new ResizeObserver(() => root.style.setProperty("--bar", `${bar.offsetHeight}px`)).observe(bar);

  // Going from change to change.
  const changes = all(".change"), notebooks = all(".notebook");
  const place = document.querySelector(".place");
  const top = () => bar.getBoundingClientRect().bottom + 60;
  let current = null;
  const mark = (target) => {
    for (const old of all(".current")) old.classList.remove("current");
    target.classList.add("current");
    current = target;
    const number = changes.indexOf(target) + 1;
    place.textContent = number ? `${number} / ${changes.length}` : "";
    for (const link of all(".outline a")) {
      const isHere = link.getAttribute("href") === `#${target.id}`;
      if (isHere) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
      if (isHere) link.closest("details").open = true;
      if (isHere) link.scrollIntoView({ block: "nearest" });
    }
  };
  const isInSight = (element) => {
    const box = element.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  };
  const go = (list, step) => {
    if (!list.length) return;
    let at = list.indexOf(current);
    if (at >= 0 && isInSight(current)) {
      at += step;
    } else if (step > 0) {
      at = list.findIndex((element) => element.getBoundingClientRect().top > top() - 50);
      if (at < 0) at = list.length - 1;
    } else {
      at = list.length - 1;
      while (at > 0 && list[at].getBoundingClientRect().top > top() - 70) at -= 1;
    }
    const target = list[Math.max(0, Math.min(list.length - 1, at))];
    target.scrollIntoView({ block: "start" });
    mark(target);
    if (target.tabIndex === -1) target.focus({ preventScroll: true });
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".outline a");
    const target = link && document.getElementById(link.getAttribute("href").slice(1));
    if (target) mark(target);
  });

  // Pictures.
  const setMode = (figure, mode) => {
    figure.dataset.mode = mode;
    for (const button of all("button", figure)) {
      button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    }
    if (mode === "pixels") drawDifference(figure);
  };
  const MODES = ["side", "swipe", "onion", "pixels"];
  const cycle = () => {
    const pairs = all(".figure.pair");
    const next = pairs.length ? MODES[(MODES.indexOf(pairs[0].dataset.mode) + 1) % MODES.length] : "";
    for (const pair of pairs) setMode(pair, next);
  };
  const slide = (figure, share) => {
    figure.querySelector("input").value = share;
    figure.querySelector(".stage").style.setProperty("--at", `${share}%`);
    figure.querySelector(".stage").style.setProperty("--share", share / 100);
  };
  const pixelsOf = (image, width, height) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, width, height);
  };
  const LARGEST = 40e6, INK = [207, 16, 122]; // pixels; what differs is drawn in this colour
  const drawDifference = async (figure) => {
    const canvas = figure.querySelector("canvas"), told = figure.querySelector(".pixels figcaption");
    if (figure.dataset.drawn) return;
    figure.dataset.drawn = "true";
    try {
      const [before, after] = all(".shot img", figure);
      await Promise.all([before.decode(), after.decode()]);
      const width = Math.max(before.naturalWidth, after.naturalWidth);
      const height = Math.max(before.naturalHeight, after.naturalHeight);
      if (!width || !height || width * height > LARGEST) throw new Error("too large");
      const old = pixelsOf(before, width, height).data, picture = pixelsOf(after, width, height), now = picture.data;
      canvas.width = width;
      canvas.height = height;
      let differing = 0;
      for (let at = 0; at < now.length; at += 4) {
        let most = 0;
        for (let band = 0; band < 4; band += 1) most = Math.max(most, Math.abs(old[at + band] - now[at + band]));
        if (most) differing += 1;
        const grey = now[at + 3] ? (now[at] * 3 + now[at + 1] * 6 + now[at + 2]) / 10 : 255;
        const ground = 255 - (255 - grey) * 0.22, ink = most ? 0.35 + 0.65 * most / 255 : 0;
        for (let band = 0; band < 3; band += 1) now[at + band] = ground * (1 - ink) + INK[band] * ink;
        now[at + 3] = 255;
      }
      canvas.getContext("2d").putImageData(picture, 0, 0);
      const share = 100 * differing / (width * height);
      told.textContent = `${share && share < 0.1 ? "under 0.1" : share.toFixed(1)} % of pixels differ`;
    } catch {
      told.textContent = "These pictures can't be compared here.";
    }
  };
  for (const figure of all(".figure.pair")) {
    slide(figure, 50);
    figure.querySelector("input").addEventListener("input", (event) => slide(figure, Number(event.target.value)));
    const stage = figure.querySelector(".stage");
    stage.addEventListener("pointermove", (event) => {
      const image = stage.querySelector(".new img").getBoundingClientRect();
      if (figure.dataset.mode !== "swipe" || !image.width) return;
      slide(figure, Math.round(Math.max(0, Math.min(100, 100 * (event.clientX - image.left) / image.width))));
    });
  }

  // Selecting text side by side takes one side only.
  document.addEventListener("mousedown", (event) => {
    const row = event.target.closest(".code .row");
    const half = row && (event.target.closest("code") || row);
    if (!row) return;
    root.dataset.selecting = half.matches(".left, .old, .old *") ? "left" : "right";
  });

  const help = document.getElementById("help");
  const deeds = {
    outputs, theme, help: () => (help.open ? help.close() : help.showModal()), close: () => help.close(),
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { do: deed, view, mode } = button.dataset;
    if (deed) deeds[deed]();
    if (view) choose(view);
    if (mode) setMode(button.closest(".figure"), mode);
  });
  const keys = {
    j: () => go(changes, 1), k: () => go(changes, -1), n: () => go(notebooks, 1), p: () => go(notebooks, -1),
    u: () => choose(root.dataset.view === "split" ? "unified" : "split"),
    o: outputs, i: cycle, t: theme, "?": deeds.help,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    if (help.open && event.key !== "?") return;
    event.preventDefault();
    keys[event.key]();
  });
})();
