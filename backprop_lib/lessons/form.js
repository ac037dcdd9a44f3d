// The page's half of a Form (form.py). A notebook saves static boxes; where the kernel is alive, its form finds its own
// place in the box (data-lesson) and stands in for what is written there. All text is set as text, never as HTML.

const PATIENCE = 4000; // milliseconds without an answer from the kernel before the page says so

// Without this mark on the element itself Notebook 7 swallows its arrow keys and JupyterLab runs letters as commands.
const own_keys = { "data-lm-suppress-shortcuts": "true" };

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// What stands between backticks is code, as in the static boxes.
const coded = (text) => text.split(/`([^`]+)`/).map((part, i) => (i % 2 ? element("code", {}, part) : part));

let mounts = 0;

function fields(options, answer) {
  if (!options.length) {
    const input = element("input", { type: "text", autocomplete: "off", spellcheck: "false", ...own_keys });
    input.value = answer;
    return { rows: [element("label", {}, "Your number ", input)], value: () => input.value };
  }
  const group = `lesson-${(mounts += 1)}`;
  const radios = options.map(([letter]) => element("input", { type: "radio", name: group, value: letter, ...own_keys }));
  radios.forEach((radio) => (radio.checked = radio.value === answer));
  const rows = options.map(([letter, text], i) => element("label", {}, radios[i], ` ${letter}) `, ...coded(text)));
  return { rows, value: () => radios.find((radio) => radio.checked)?.value ?? "" };
}

function mount(model, place) {
  let waiting;
  const reply = element("p", { role: "status" });
  const { rows, value } = fields(model.get("options"), model.get("answer"));
  const button = element("button", { type: "submit", ...own_keys }, model.get("button"));
  const form = element("form", { class: "live" },
    element("fieldset", { "aria-label": model.get("name") }, ...rows), button, reply);
  const show = () => {
    clearTimeout(waiting);
    reply.replaceChildren(...coded(model.get("reply")[1]));
  };
  const say = (text) => { reply.textContent = text; };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!value().trim()) return say(model.get("options").length ? "Choose one first." : "Write a number first.");
    if (value() === model.get("answer")) return show();
    model.set("answer", value());
    model.save_changes();
    clearTimeout(waiting);
    waiting = setTimeout(
      () => say("No answer yet: the kernel is busy, or it was restarted and this cell has to be run again."), PATIENCE);
  });
  // JupyterLab keeps Enter from submitting a line of text, so it is done here.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target === button) return;
    event.preventDefault();
    form.requestSubmit();
  });
  model.on("change:reply", show);
  place.classList.add("is-live");
  place.append(form);
  show();
  return () => {
    clearTimeout(waiting);
    model.off("change:reply", show);
    place.classList.remove("is-live");
    form.remove();
  };
}

// anywidget gives a model two seconds to start, then holds the kernel's messages back for ever; here they go straight to
// the model. explorer.js does the same.
async function listen(model) {
  const whole = await model.widget_manager.get_model(model.get("identity"));
  const receive = Object.getPrototypeOf(Object.getPrototypeOf(whole))._handle_comm_msg;
  whole.comm.on_msg((message) => receive.call(whole, message));
}

export default {
  initialize({ model }) {
    listen(model).catch((error) => console.warn("form: the kernel's messages may be held back.", error));
    const mounted = new Map();
    const look = () => {
      for (const [place, unmount] of mounted) {
        if (place.isConnected) continue;
        unmount();
        mounted.delete(place);
      }
      for (const place of document.querySelectorAll(`[data-lesson="${model.get("place")}"]`)) {
        if (!mounted.has(place) && !place.classList.contains("is-live")) mounted.set(place, mount(model, place));
      }
    };
    const observer = new MutationObserver((records) => {
      if (records.some(({ target }) => !target.closest?.(".backprop-lesson"))) look();
    });
    observer.observe(document.body, { childList: true, subtree: true });
    look();
    return () => {
      observer.disconnect();
      for (const unmount of mounted.values()) unmount();
    };
  },
};
