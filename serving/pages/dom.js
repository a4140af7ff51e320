// Elements made from data. Text stays text: nothing here, or anywhere on the page, makes markup of a string.

const SVG = "http://www.w3.org/2000/svg";

const filled = (node, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [kind, act] of Object.entries(value)) node.addEventListener(kind, act);
    else if (name === "style") for (const [rule, set] of Object.entries(value)) node.style.setProperty(rule, set);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
};

/** An element: its attributes (`on`: what to do at events; `style`: rules), then children, elements or text. */
export const el = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);

/** The same, of a drawing. */
export const svg = (tag, attributes = {}, ...children) =>
  filled(document.createElementNS(SVG, tag), attributes, children);

export const byId = (id) => document.getElementById(id);

/** A drawing that is drawn again when its place has another width, so that its letters keep their size. */
export const fitted = (height, label, draw) => {
  const place = el("div", { class: "drawing", style: { height: `${height}px` } });
  let drawn = 0;
  new ResizeObserver(() => {
    const width = Math.round(place.clientWidth);
    if (!width || width === drawn) return;
    drawn = width;
    const own = { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label };
    place.replaceChildren(svg("svg", own, ...draw(width, height)));
  }).observe(place);
  return place;
};
