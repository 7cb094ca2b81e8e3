// Files dropped or chosen, folders walked: [{file, folder}].

const PICTURES = /\.(png|jpe?g|tiff?|bmp|webp|zip)$/i;

async function entries(entry, folder) {
  if (entry.isFile) return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), folder }];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) break;
    for (const inner of batch) found.push(...(await entries(inner, folder || entry.name)));
  }
  return found;
}

async function dropped(transfer) {
  const roots = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!roots.length) return [...transfer.files].map((file) => ({ file, folder: "" }));
  return (await Promise.all(roots.map((root) => entries(root, "")))).flat();
}

/**
 * Call `take` with what is dropped on an element, or on none that wants it and `around`: a near miss must not let the browser open
 * the picture in place of the page. `element` lights up. From a folder only pictures are taken.
 */
export function onDrop(element, take, around = element) {
  const over = (on) => (event) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return false;
    event.preventDefault();
    element.classList.toggle("over", on);
    return true;
  };
  around.addEventListener("dragover", over(true));
  around.addEventListener("dragleave", over(false));
  around.addEventListener("drop", async (event) => {
    if (!over(false)(event)) return;
    const files = await dropped(event.dataTransfer);
    take(files.filter(({ file, folder }) => !folder || PICTURES.test(file.name)));
  });
}

/** Call `take` with what an input of type file is given. */
export function onChoose(input, take) {
  input.addEventListener("change", () => {
    const files = [...input.files].map((file) => ({
      file,
      folder: file.webkitRelativePath?.split("/").slice(-2, -1)[0] ?? "",
    }));
    take(files.filter(({ file, folder }) => !folder || PICTURES.test(file.name)));
    input.value = "";
  });
}

/** A name for a case of these files: their folder, or what their names begin with. */
export function caseName(files) {
  const folder = files.find((one) => one.folder)?.folder;
  if (folder) return folder;
  const stems = files.map(({ file }) => file.name.replace(/\.[^.]*$/, ""));
  if (stems.length === 1) return stems[0];
  let common = stems[0] ?? "";
  for (const stem of stems) while (!stem.startsWith(common)) common = common.slice(0, -1);
  return common.replace(/[\s_.-]+$/, "");
}
