// The name a reader gives on an open bench, kept on this machine.

const KEY = "karyogram-reader";

export const reader = () => localStorage.getItem(KEY) ?? "";

export function rename(name) {
  localStorage.setItem(KEY, name.trim());
}
