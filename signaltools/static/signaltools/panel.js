// The panel reads well without this, which adds a filter, switches and "unfold all".
const PANEL = "SignalToolsPanel";

// Since version 7 the toolbar is in a shadow root, unless the project says otherwise.
function toolbar() {
  const root = document.getElementById("djDebugRoot");
  return (root?.shadowRoot ?? document).querySelector("#djDebug");
}

function ownText(node) {
  const own = node.matches("details") ? node.querySelector(":scope > summary") : node;
  return own.textContent.toLowerCase();
}

function isSwitchedOff(node, off) {
  // What went wrong is shown in any case.
  return off.has(node.dataset.component) && !node.querySelector(".signaltools-error");
}

// Show a node and what is below it, if it or something below it is looked for.
function show(node, query, off, isBelowMatch) {
  const matches = isBelowMatch || ownText(node).includes(query);
  let showsBelow = false;
  for (const below of node.querySelectorAll(":scope > .signaltools-node")) {
    showsBelow = show(below, query, off, matches) || showsBelow;
  }
  node.hidden = isSwitchedOff(node, off) || !(matches || showsBelow);
  if (query && showsBelow && !matches) {
    node.open = true;
  }
  return !node.hidden;
}

function apply(panel) {
  const query = panel.querySelector("input[type=search]").value.trim().toLowerCase();
  const switches = [...panel.querySelectorAll("input[type=checkbox]")];
  const off = new Set(switches.filter((box) => !box.checked).map((box) => box.value));
  let found = 0;
  for (const list of panel.querySelectorAll(".signaltools-list")) {
    for (const node of list.querySelectorAll(":scope > .signaltools-node")) {
      found += show(node, query, off, false);
    }
  }
  const notes = panel.querySelector(".signaltools-notes");
  if (query && notes?.querySelector(".signaltools-node:not([hidden])")) {
    notes.open = true;
  }
  const status = panel.querySelector(".signaltools-found");
  status.textContent = query && !found ? status.dataset.nothing : "";
}

function start(panel) {
  const controls = panel.querySelector(".signaltools-controls");
  if (!controls.hidden) {
    return;
  }
  controls.hidden = false;
  for (const box of controls.querySelectorAll("input[type=checkbox]")) {
    const rows = panel.querySelectorAll(`[data-component="${box.value}"]`);
    box.parentElement.querySelector("span").textContent = rows.length;
  }
  controls.addEventListener("input", () => apply(panel));
  controls.querySelector("button").addEventListener("click", () => {
    const folds = [...panel.querySelectorAll("details")];
    const open = folds.some((fold) => !fold.open);
    folds.forEach((fold) => { fold.open = open; });
  });
  apply(panel);
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
