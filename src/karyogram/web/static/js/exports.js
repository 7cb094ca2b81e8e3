// What can be taken out of the bench: the links of the export menus, for a cell and for a case.

import * as api from "./api.js";
import { h } from "./dom.js";

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

const link = (text, href) => h("a", { href, download: "" }, text);

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
