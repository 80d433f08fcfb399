// The panel reads well without this, which adds a filter, switches and "expand all".
const PANEL = "SignalToolsPanel";

// Since version 7 the toolbar is in a shadow root, unless the project says otherwise.
function toolbar() {
  const root = document.getElementById("djDebugRoot");
  return (root?.shadowRoot ?? document).querySelector("#djDebug");
}

function ownText(node) {
  const ofDetails = ":scope > summary, :scope > .signaltools-at";
  const own = node.matches("details") ? [...node.querySelectorAll(ofDetails)] : [node];
  return own.map((part) => part.textContent).join(" ").toLowerCase();
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

function showSection(section, query, off) {
  let isFound = false;
  for (const list of section.querySelectorAll(":scope > .signaltools-list")) {
    for (const node of list.querySelectorAll(":scope > .signaltools-node")) {
      isFound = show(node, query, off, false) || isFound;
    }
  }
  for (const inner of section.querySelectorAll(":scope > .signaltools-section")) {
    isFound = showSection(inner, query, off) || isFound;
  }
  section.hidden = query !== "" && !isFound;
  if (query && section.matches("details")) {
    section.open = true;
  }
  return isFound;
}

function start(panel) {
  const controls = panel.querySelector(".signaltools-controls");
  if (!controls.hidden) {
    return;
  }
  controls.hidden = false;
  const search = controls.querySelector("input[type=search]");
  const switches = [...controls.querySelectorAll("input[type=checkbox]")];
  const status = controls.querySelector(".signaltools-found");
  const allDetails = [...panel.querySelectorAll("details")];
  let wasOpen = null;

  function apply() {
    const query = search.value.trim().toLowerCase();
    const off = new Set(switches.filter((box) => !box.checked).map((box) => box.value));
    // A search expands what it finds; without it, all is as it was before.
    if (query && !wasOpen) {
      wasOpen = allDetails.map((details) => details.open);
    } else if (!query && wasOpen) {
      allDetails.forEach((details, index) => { details.open = wasOpen[index]; });
      wasOpen = null;
    }
    let isFound = false;
    for (const section of panel.querySelectorAll(":scope > .signaltools-section")) {
      isFound = showSection(section, query, off) || isFound;
    }
    status.textContent = query && !isFound ? status.dataset.nothing : "";
  }

  for (const box of switches) {
    const rows = panel.querySelectorAll(`[data-component="${box.value}"]`);
    box.parentElement.querySelector("span").textContent = rows.length;
  }
  controls.addEventListener("input", apply);
  const button = controls.querySelector("button");
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
