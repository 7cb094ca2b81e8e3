// What can be taken out of the bench: the links of the export menus, for a cell and for a case. Reports take seconds, so a
// link that is pressed says that its file is being made, or why there is none; it stays a link for whoever wants to copy it.

import * as api from "./api.js";
import { announce, h, notify } from "./dom.js";

const [PATIENCE, PAUSE] = [20, 3000];

const CELL = {
  pdf: "Report (PDF)",
  html: "Report (HTML)",
  png: "Karyogram and overlay (PNG)",
  csv: "Table (CSV)",
  iscn: "ISCN text",
  json: "karyotype.json",
  coco: "COCO",
  voc: "VOC boxes",
  tiff: "Label TIFF",
  geojson: "QuPath (GeoJSON)",
  imagej: "ImageJ regions",
};

const CASE = [
  ["Report, proposed cells (PDF)", { format: "pdf" }],
  ["Report, all cells (PDF)", { format: "pdf", cells: "all" }],
  ["Report, proposed cells (HTML)", { format: "html" }],
  ["Cells (CSV)", { format: "csv" }],
  ["case.json", { format: "json" }],
  ["All of it (ZIP)", { format: "zip" }],
];

/** Fetch a file and hand it to the browser to be saved; a notice tells that it is under way. */
async function fetchFile(text, href) {
  const told = notify([h("progress", { "aria-label": text }), ` ${text} is being made.`], "lasting");
  try {
    const { blob, name } = await made(href);
    const url = URL.createObjectURL(blob);
    h("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    announce(`${text} is here.`);
  } catch (error) {
    notify(`${text}: ${error.message}`, "bad");
  }
  told.remove();
}

/** A file, asked for again while the bench makes those of others. */
async function made(href) {
  for (let tries = 0; ; tries++) {
    try {
      return await api.file(href);
    } catch (error) {
      if (error.status !== 503 || tries === PATIENCE) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

const link = (text, href) => {
  const fetched = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    fetchFile(text, href);
  };
  return h("a", { href, download: "", onclick: fetched }, text);
};

/** The exports of an analysis in `formats`: those known by name first, then all of them in one file. */
export function ofCell(analysis, formats) {
  const named = [...new Set([...Object.keys(CELL), ...formats])].filter((format) => formats.includes(format));
  return [
    named.map((format) => link(CELL[format] ?? format, api.exported(analysis, { format }))),
    link("All of these (ZIP)", api.exported(analysis, { format: formats.join(",") })),
  ];
}

/** The exports of a case; before its first cell is read there is none but who did what. */
export function ofCase({ id, metaphases }) {
  const read = metaphases.some(({ use, analysis }) => use === "karyogram" && analysis?.state === "done");
  return [
    read ? CASE.map(([text, wanted]) => link(text, api.caseExported(id, wanted))) : h("p", {}, "No cell has been read yet."),
    link("Audit trail (CSV)", api.audit(id)),
  ];
}
