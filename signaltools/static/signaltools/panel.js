// The panel reads well without this, which filters, hides, remembers, jumps, and copies.
const PANEL = "SignalToolsPanel";
const STORED = "signaltools.panel";

// Since version 7 the toolbar is in a shadow root, unless the project says otherwise.
function toolbar() {
  const root = document.getElementById("djDebugRoot");
  return (root?.shadowRoot ?? document).querySelector("#djDebug");
}

// A browser may refuse to store anything, and what is stored may be anything.
function remembered() {
  try {
    const { query, on, off, names } = JSON.parse(localStorage.getItem(STORED)) ?? {};
    const lists = [on, off, names].map((list) => Array.isArray(list) ? list : []);
    return [typeof query === "string" ? query : "", ...lists.map((list) => new Set(list))];
  } catch {
    return ["", new Set(), new Set(), new Set()];
  }
}

function remember(query, switches, names) {
  const values = (isOn) => switches
    .filter((box) => box.checked === isOn).map((box) => box.value);
  try {
    const state = { query, on: values(true), off: values(false), names: [...names] };
    localStorage.setItem(STORED, JSON.stringify(state));
  } catch {
    // Then it's good for this page only.
  }
}

// A node that has others below it is, or contains, what expands.
function detailsOf(node) {
  return node.matches("details") ? node : node.querySelector(":scope > .signaltools-branch");
}

function children(node) {
  return (detailsOf(node) ?? node).querySelectorAll(
    ":scope > .signaltools-node:not(.signaltools-sender)",
  );
}

// The code that sends a signal belongs to its row, and isn't hidden by a switch.
function senders(node) {
  return node.querySelectorAll(":scope > .signaltools-sender");
}

function ownText(node) {
  const rows = [rowOf(node), ...senders(node)];
  return rows.map((row) => row.textContent).join(" ").toLowerCase();
}

function rowOf(node) {
  return detailsOf(node)?.querySelector(":scope > summary") ?? node;
}

function placeOf(node) {
  return rowOf(node).querySelector(".signaltools-place")?.textContent;
}

class Filter {
  constructor(words, off, names) {
    this.words = words;
    this.off = off;
    this.names = [...names];
    this.matchesHidden = false;
  }

  isOff(node) {
    // What went wrong is shown in any case.
    if (node.querySelector(".signaltools-error")) {
      return false;
    }
    const { component, kind, name = "" } = node.dataset;
    return this.off.has(component ?? kind)
      || this.names.some((each) => name === each || name.startsWith(`${each}.`));
  }

  // Show a node and what is below it, if all words are found there or above it.
  show(node, wordsLeft, isHidden) {
    const isOff = isHidden || this.isOff(node);
    const text = ownText(node);
    const left = wordsLeft.filter((word) => !text.includes(word));
    let isFound = !left.length;
    let showsBelow = false;
    for (const below of children(node)) {
      showsBelow = this.show(below, left, isOff) || showsBelow;
    }
    if (isOff) {
      this.matchesHidden ||= isFound;
      node.hidden = true;
      return false;
    }
    const below = [...children(node)];
    const isEmpty = below.length > 0 && !showsBelow
      && (isFound || below.every((each) => this.isOff(each)));
    // A signal is noise if all of its receivers are, but a receiver ran by itself.
    const isNoise = isEmpty && !node.dataset.component;
    node.classList.toggle("signaltools-empty", isEmpty);
    node.hidden = isNoise || !(isFound || showsBelow);
    if (this.words.length && showsBelow && !isFound) {
      detailsOf(node).open = true;
    }
    return !node.hidden;
  }

  showSection(section) {
    let isFound = false;
    for (const list of section.querySelectorAll(":scope > .signaltools-list")) {
      for (const node of children(list)) {
        isFound = this.show(node, this.words, false) || isFound;
      }
    }
    for (const inner of section.querySelectorAll(":scope > .signaltools-section")) {
      isFound = this.showSection(inner) || isFound;
    }
    // A heading of the page stays, and says why there is nothing below it.
    const isInner = section.parentElement.matches(".signaltools-section");
    section.hidden = !isFound && (isInner || this.words.length > 0);
    if (this.words.length && section.matches("details")) {
      section.open = true;
    }
    return isFound;
  }
}

function newButton(text, action, label = "") {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  if (label) {
    button.setAttribute("aria-label", label);
  }
  button.addEventListener("click", action);
  return button;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS there is no clipboard, but there is the selection.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

function jump(panel, to) {
  const target = [...panel.querySelectorAll("[data-at]")].find((each) => each.dataset.at === to);
  panel.querySelectorAll(".signaltools-target").forEach((each) => {
    each.classList.remove("signaltools-target");
  });
  const row = rowOf(target);
  for (let node = target; node !== panel; node = node.parentElement) {
    node.hidden = false;
    if (node !== target && node.matches("details")) {
      node.open = true;
    }
  }
  target.classList.add("signaltools-target");
  if (row === target) {
    target.tabIndex = -1;
  }
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "center" });
}

function start(panel) {
  const controls = panel.querySelector(".signaltools-controls");
  if (!controls.hidden) {
    return;
  }
  controls.hidden = false;
  const words = controls.dataset;
  const search = controls.querySelector("input[type=search]");
  const switches = [...controls.querySelectorAll("input[type=checkbox]")];
  const status = controls.querySelector(".signaltools-found");
  const hiddenNames = controls.querySelector(".signaltools-hidden");
  const allDetails = [...panel.querySelectorAll("details:not(.signaltools-stack)")];
  const [query, on, off, names] = remembered();
  const withActions = new WeakSet();
  let wasOpen = null;

  function apply() {
    const asked = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const isOff = new Set(switches.filter((box) => !box.checked).map((box) => box.value));
    // A search expands what it finds; without it, all is as it was before.
    if (asked.length && !wasOpen) {
      wasOpen = allDetails.map((details) => details.open);
    } else if (!asked.length && wasOpen) {
      allDetails.forEach((details, index) => { details.open = wasOpen[index]; });
      wasOpen = null;
    }
    const filter = new Filter(asked, isOff, names);
    let isFound = false;
    for (const section of panel.querySelectorAll(":scope > .signaltools-section")) {
      isFound = filter.showSection(section) || isFound;
    }
    for (const note of panel.querySelectorAll(".signaltools-all-hidden")) {
      note.hidden = [...children(note.parentElement)].some((node) => !node.hidden);
    }
    const texts = status.dataset;
    status.textContent = asked.length ? [
      isFound || filter.matchesHidden ? "" : texts.nothing,
      filter.matchesHidden ? texts.off : "",
      panel.querySelector(".signaltools-cut") ? texts.cut : "",
    ].filter(Boolean).join(" ") : "";
    hiddenNames.hidden = !names.size;
    hiddenNames.replaceChildren(hiddenNames.firstChild, ...[...names].map((name) => newButton(
      `${name} ×`,
      () => { names.delete(name); changed(); },
      `${words.show} ${name}`,
    )));
  }

  function changed() {
    apply();
    remember(search.value, switches, names);
  }

  function hideButton(name, menu) {
    return newButton(`${words.hide} ${name}`, () => {
      names.add(name);
      menu.remove();
      changed();
      hiddenNames.querySelector("button:last-child").focus();
    });
  }

  // A summary may not contain buttons, and what is inside <details> can't be seen if it's
  // collapsed. So those of a row that expands are before both.
  function place(node, button) {
    const tools = node.querySelector(":scope > .signaltools-tools");
    const details = node.querySelector(":scope > .signaltools-branch");
    if (tools || !details) {
      (tools ?? node).append(button);
    } else {
      details.before(button);
    }
  }

  function openMenu(node, button) {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    panel.querySelectorAll(".signaltools-menu").forEach((menu) => menu.remove());
    panel.querySelectorAll("[aria-expanded=true]").forEach((each) => {
      each.setAttribute("aria-expanded", "false");
    });
    if (isOpen) {
      return;
    }
    const menu = document.createElement("span");
    menu.className = "signaltools-menu";
    const where = placeOf(node);
    if (where) {
      const copies = newButton(`${words.copy} ${where}`, async () => {
        await copy(where);
        copies.textContent = `${words.copied} ${where}`;
      });
      menu.append(copies);
    }
    const { name } = node.dataset;
    if (name) {
      menu.append(hideButton(name, menu));
      const [app, ...rest] = name.split(".");
      if (rest.length) {
        menu.append(hideButton(app, menu));
      }
    }
    const sql = toolbar().querySelector("#djdt-SQLPanel a");
    if (sql && rowOf(node).querySelector(".signaltools-queries")?.textContent.trim()) {
      menu.append(newButton(words.sql, () => sql.click()));
    }
    button.setAttribute("aria-expanded", "true");
    const tools = button.closest(".signaltools-tools");
    (tools ?? button).after(menu);
  }

  // Only for rows that aren't below a collapsed one: there may be thousands of others.
  function addActions(nodes) {
    for (const node of nodes) {
      const label = node.dataset.name ?? placeOf(node);
      if (label && !withActions.has(node)) {
        const button = newButton("", () => openMenu(node, button), `${words.actions} ${label}`);
        button.className = "signaltools-actions";
        button.setAttribute("aria-expanded", "false");
        place(node, button);
        withActions.add(node);
      }
      if (detailsOf(node)?.open) {
        addActions([...senders(node), ...children(node)]);
      }
    }
  }

  panel.addEventListener("toggle", ({ target }) => {
    if (target.open) {
      const list = target.querySelector(":scope > .signaltools-list");
      addActions([...senders(target), ...children(list ?? target)]);
    }
  }, true);
  for (const list of panel.querySelectorAll(".signaltools-section:not(details) > .signaltools-list")) {
    addActions(children(list));
  }
  for (const button of panel.querySelectorAll(".signaltools-go")) {
    button.hidden = false;
    button.addEventListener("click", () => jump(panel, button.dataset.to));
  }
  for (const box of switches) {
    const rows = [...panel.querySelectorAll(
      `[data-component="${box.value}"], [data-kind="${box.value}"]`,
    )];
    const packages = new Set(rows.map((row) => row.dataset.name?.split(".")[0]));
    const isAll = box.value === "third_party" && packages.size > 1
      && !panel.querySelector('[data-component="project"]');
    const count = box.parentElement.querySelector("span");
    count.textContent = rows.length + (isAll ? `, ${words.packages} ${packages.size}` : "");
    box.checked = on.has(box.value) || (box.checked && !off.has(box.value));
  }
  search.value = query;
  controls.addEventListener("input", changed);
  const button = controls.querySelector("button[data-collapse]");
  const labels = [button.textContent, button.dataset.collapse];
  button.addEventListener("click", () => {
    const open = allDetails.some((details) => !details.open);
    allDetails.forEach((details) => { details.open = open; });
    button.textContent = labels[Number(open)];
  });
  apply();
}

function startAll() {
  toolbar()?.querySelectorAll(".signaltools").forEach(start);
}

toolbar()?.addEventListener("djdt.panel.render", (event) => {
  if (event.detail.panelId === PANEL) {
    startAll();
  }
});
startAll();
