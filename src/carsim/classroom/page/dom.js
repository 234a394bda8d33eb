// The few words by which the page handles its document.

export const by = (id) => document.getElementById(id);

export const on = (target, type, listener) => target.addEventListener(type, listener);

// A new element with properties such as `textContent` or `className`.
export const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

// What the element of an id holds from now on.
export const fill = (id, children) => by(id).replaceChildren(...children);

// Says a text in the element of an id.
export const tell = (id, text) => { by(id).textContent = text; };
