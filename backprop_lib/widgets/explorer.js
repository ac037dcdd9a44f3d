// The page's half of an Explorer: native controls, one picture of a fixed size, one sentence.
// The kernel's half is explorer.py. Controls send their value to the kernel; the kernel answers with frames
// (one picture and one sentence each); moving from frame to frame needs no kernel.

const PATIENCE = 4000; // milliseconds without an answer from the kernel before the page says so

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// Without this mark on the element itself Notebook 7 swallows its arrow keys and JupyterLab runs letters as commands.
const own_keys = { "data-lm-suppress-shortcuts": "true" };

const EARLIER = "The picture still shows earlier values."; // explorer.py says the same

const typeset = (text) => text.replace("e+", "e").replaceAll("-", "−");

function slider(model, control, send) {
  const input = element("input", { type: "range", min: control.low, max: control.high, step: control.step, ...own_keys });
  const output = element("output");
  const decimals = control.factors ? 0 : (String(control.step).split(".")[1] ?? "").length;
  // A slider by factors holds the power of ten; what it means has two digits.
  const value_at = (position) => (control.factors ? Number((10 ** position).toPrecision(2)) : position);
  const position_of = (value) => (control.factors ? Math.log10(Math.max(value, 10 ** control.low)) : value);
  const show = () => {
    const value = model.get(control.name);
    // A value that the kernel has set may lie between the slider's steps: then it is shown with 6 digits.
    const rounded = Number(value.toFixed(decimals));
    const plain = rounded === value && Math.abs(value) < 1e5;
    const text = typeset(plain ? value.toFixed(decimals) : String(Number(value.toPrecision(6))));
    if (value_at(Number(input.value)) !== value) input.value = position_of(value);
    input.setAttribute("aria-valuetext", text);
    output.textContent = text;
  };
  input.addEventListener("input", () => send(control.name, value_at(Number(input.value))));
  return { row: element("label", { class: "slider" }, element("span", {}, control.label), input, output), show };
}

function choice(model, control, send) {
  const group = element("fieldset", {}, element("legend", {}, control.label));
  const radios = control.options.map((option) => {
    const radio = element("input", { type: "radio", name: control.name, value: option, ...own_keys });
    radio.addEventListener("change", () => send(control.name, option));
    group.append(element("label", {}, radio, option));
    return radio;
  });
  const show = () => radios.forEach((radio) => (radio.checked = radio.value === model.get(control.name)));
  return { row: group, show };
}

function entry(model, control, send) {
  const input = element("input", { type: "text", autocomplete: "off", spellcheck: "false", ...own_keys });
  const commit = () => {
    if (input.value !== model.get(control.name)) send(control.name, input.value);
  };
  input.addEventListener("change", commit);
  // JupyterLab keeps Enter for itself, so it is done here.
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") commit();
  });
  const show = () => (input.value = model.get(control.name));
  return { row: element("label", { class: "entry" }, element("span", {}, control.label), input), show };
}

function button(model, control) {
  const pressed = element("button", { type: "button", ...own_keys }, control.label);
  pressed.addEventListener("click", () => model.send({ press: control.name }));
  return { row: pressed, show: () => {} };
}

const KINDS = { slider, choice, entry, button };

function step_bar(model) {
  const back = element("button", { type: "button", ...own_keys }, "◀ Back");
  const next = element("button", { type: "button", ...own_keys }, "Next ▶");
  const range = element("input", { type: "range", min: 0, step: 1, ...own_keys });
  const output = element("output");
  const row = element("div", { class: "steps" }, back, next, element("label", { class: "slider" }, element("span", {}, "Step"), range, output));
  const last = () => model.get("frames").length - 1;
  const go = (step) => {
    model.set("step", Math.max(0, Math.min(last(), step)));
    model.save_changes();
  };
  const turn = (by) => go(shown(model) + by);
  back.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  range.addEventListener("input", () => go(Number(range.value)));
  row.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.target === range) return; // the range knows its own keys
    turn(by);
    event.preventDefault();
  });
  const show = () => {
    const step = shown(model);
    row.hidden = last() < 1;
    range.max = last();
    range.value = step;
    output.textContent = `${step} of ${last()}`;
    range.setAttribute("aria-valuetext", output.textContent);
    // Not `disabled`: a disabled button would drop the keyboard's focus.
    back.setAttribute("aria-disabled", step === 0);
    next.setAttribute("aria-disabled", step === last());
  };
  return { row, show, range };
}

// The work of a Laboratory (laboratory.py): the kernel does a slice of it whenever the page asks for one.
function work_bar(model, buttons) {
  const bar = element("progress", { max: 1, "aria-label": "Progress" });
  const output = element("output", { "aria-hidden": true });
  const row = element("div", { class: "work" }, ...buttons, bar, output);
  let asked;
  const show = () => {
    const share = model.get("share");
    row.hidden = share === undefined;
    if (row.hidden) return;
    bar.value = share;
    output.textContent = share >= 1 ? "done" : `${Math.round(100 * share)} %${model.get("working") ? "" : ", stopped"}`;
    if (!model.get("working") || asked === model.get("turn")) return;
    asked = model.get("turn");
    model.send({ turn: asked }, hurry(model));
  };
  return { row, show };
}

// The server sends its answer in several small packets, and each waits until the browser has acknowledged the one
// before (Nagle's algorithm), which a silent browser puts off by 40 ms. An empty message as soon as the kernel is busy
// carries the acknowledgement: measured, it takes the slowest tenth of the answers from 70 to 45 ms.
const hurry = (model) => ({ iopub: { status: ({ content }) => content.execution_state === "busy" && model.send({}) } });

// What scrolls has to be within the keyboard's reach.
function scrolls(place) {
  if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
  else place.removeAttribute("tabindex");
}

// A picture may hold a map to point at: class "map", the control that takes "a, b", and the map's coordinates.
function pointing(picture, send) {
  const shares = ({ clientX, clientY }, map) => {
    const { left, top, width, height } = map.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  };
  const point = (event) => {
    const map = picture.querySelector(".map");
    if (!map) return;
    const [across, down] = shares(event, map).map((share) => Math.max(0, Math.min(1, share)));
    const [x0, x1, y0, y1] = map.dataset.range.split(" ").map(Number);
    send(map.dataset.control, `${(x0 + (x1 - x0) * across).toFixed(2)}, ${(y1 + (y0 - y1) * down).toFixed(2)}`);
  };
  picture.addEventListener("pointerdown", (event) => {
    const map = picture.querySelector(".map"); // what is pressed may be a mark that lies upon it
    if (event.button !== 0 || !map || shares(event, map).some((share) => share < 0 || share > 1)) return;
    picture.setPointerCapture(event.pointerId); // the map is drawn anew while the pointer moves
    point(event);
  });
  picture.addEventListener("pointermove", (event) => {
    if (picture.hasPointerCapture(event.pointerId)) point(event);
  });
}

const shown = (model) => Math.max(0, Math.min(model.get("step"), model.get("frames").length - 1));

function mount(model, place) {
  let waiting;
  const note = element("p", { class: "note", role: "alert" });
  const send = (name, value) => {
    model.asked = true;
    model.set(name, value);
    model.save_changes(hurry(model));
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      note.textContent = "No answer yet: the kernel is busy, or it was restarted and this cell has to be run again.";
    }, PATIENCE);
  };

  const controls = model.get("controls").map((control) => [control.name, KINDS[control.kind](model, control, send)]);
  const steps = step_bar(model);
  const is_button = (name) => model.get("controls").find((control) => control.name === name).kind === "button";
  const rows = (wanted) => controls.filter(([name]) => wanted(name)).map(([, control]) => control.row);
  const works = model.get("share") !== undefined; // then the buttons belong to the work
  const work = work_bar(model, rows((name) => works && is_button(name)));
  const picture = element("div", { class: "picture", role: "img", ...own_keys });
  const sentence = element("p", { class: "sentence", role: "status" });
  const detail = element("div", { class: "detail", ...own_keys });
  // A form, so that the radio buttons of two explorers are two groups.
  const form = element("form", { class: "controls" }, ...rows((name) => !(works && is_button(name))));
  form.addEventListener("submit", (event) => event.preventDefault());
  // Focusable by mouse: after a click anywhere inside, letters belong to the explorer and not to the notebook.
  const root = element("div", { class: "live", role: "group", "aria-label": model.get("heading"), tabindex: -1, ...own_keys },
    element("div", { class: "title", "aria-hidden": true }, model.get("heading")),
    form, steps.row, work.row, note, picture, sentence, detail);
  detail.addEventListener("click", ({ target }) => { if (target.closest("summary")) detail.style.minHeight = ""; });
  pointing(picture, send);
  picture.addEventListener("click", () => { if (!steps.row.hidden) steps.range.focus(); });

  const show_frame = () => {
    const frame = model.get("frames")[shown(model)];
    if (picture.shows !== frame.picture) {
      picture.innerHTML = picture.shows = frame.picture;
      // A wide picture shrinks a little, then it scrolls: its letters stay large enough to read.
      const svg = picture.firstElementChild;
      if (svg?.viewBox) svg.style.minWidth = `${0.88 * svg.viewBox.baseVal.width}px`;
      scrolls(picture);
    }
    picture.setAttribute("aria-label", frame.sentence);
    sentence.textContent = frame.sentence;
    if (detail.shows !== frame.detail) {
      const open = [...detail.querySelectorAll("details")].map((part) => part.open);
      detail.innerHTML = detail.shows = frame.detail;
      detail.querySelectorAll("details").forEach((part, i) => (part.open = open[i] ?? part.open));
      for (const summary of detail.querySelectorAll("summary")) summary.setAttribute(...Object.entries(own_keys)[0]);
      scrolls(detail);
    }
    // The room for words and tables only grows: what stands below never jumps up and down.
    for (const place of [sentence, detail]) place.style.minHeight = `${place.offsetHeight}px`;
    steps.show();
  };
  const show_answer = () => {
    clearTimeout(waiting);
    const differ = Object.entries(model.get("drawn")).filter(([name, value]) => model.get(name) !== value);
    if (!differ.length) model.asked = false;
    // An answer to a question that nobody asked here: the same notebook is open in another window.
    if (!model.asked) for (const [name, value] of differ) model.set(name, value);
    const problem = model.get("problem");
    note.textContent = problem && `${problem} ${EARLIER}`;
    root.dataset.drawn = JSON.stringify(model.get("drawn"));
    show_frame();
  };

  const show_work = () => {
    work.show();
    sentence.setAttribute("aria-busy", Boolean(model.get("working"))); // a screen reader waits for the last picture
  };

  const listeners = [["change:step", show_frame], ["change:frames", show_frame], ["change:drawn change:problem", show_answer], ["change:turn change:working", show_work]];
  for (const [name, control] of controls) listeners.push([`change:${name}`, control.show]);
  for (const [event, listener] of listeners) model.on(event, listener);
  controls.forEach(([, control]) => control.show());
  show_work();
  const resized = new ResizeObserver(() => [picture, detail].forEach(scrolls));
  resized.observe(root);
  place.classList.add("is-live");
  place.append(root);
  show_answer();

  return () => {
    clearTimeout(waiting);
    resized.disconnect();
    for (const [event, listener] of listeners) model.off(event, listener);
    place.classList.remove("is-live");
    root.remove();
  };
}

// anywidget gives a model two seconds to start and, when they are over, holds every message from the kernel back for
// ever. A busy machine may need longer, so here the messages go straight to the model. What the kernel has said before
// (to another window, say) is asked for.
async function listen(model) {
  const whole = await model.widget_manager.get_model(model.get("identity"));
  const receive = Object.getPrototypeOf(Object.getPrototypeOf(whole))._handle_comm_msg;
  whole.comm.on_msg((message) => receive.call(whole, message));
  model.send({ shows: model.get("drawn") });
}

export default {
  // What a notebook saves is a static picture; an explorer whose kernel is alive finds that picture in the page and
  // stands in for it. So there is no saved widget state, and nothing is broken where there is no kernel.
  initialize({ model }) {
    listen(model).catch((error) => console.warn("explorer: the kernel's messages may be held back.", error));
    const key = model.get("key");
    const mounted = new Map();
    const leave = () => {
      observer.disconnect();
      for (const unmount of mounted.values()) unmount();
    };
    const look = () => {
      for (const [place, unmount] of mounted) {
        if (place.isConnected) continue;
        unmount();
        mounted.delete(place);
      }
      for (const place of document.querySelectorAll(`[data-explorer="${key}"]`)) {
        if (!mounted.has(place)) mounted.set(place, mount(model, place));
      }
    };
    const observer = new MutationObserver((records) => {
      if (records.some(({ target }) => !target.closest?.(".backprop-explorer"))) look();
    });
    // After a restart of the kernel the same cell makes the same key again: the new explorer takes the old one's place.
    const owners = (window.backprop_explorers ??= new Map());
    owners.get(key)?.();
    owners.set(key, leave);
    observer.observe(document.body, { childList: true, subtree: true });
    look();
    return () => {
      leave();
      if (owners.get(key) === leave) owners.delete(key);
    };
  },
  render({ model, el }) {
    el.classList.add("backprop-explorer");
    return mount(model, el);
  },
};
