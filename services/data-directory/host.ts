import { closeSync, fdatasync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';

/** What the journal writes with. Tests put a full disk, or another boot of the machine, in its place. */
export interface Host {
  /** Names this boot of the machine; null where the system does not tell. */
  bootId(): string | null;
  /** Creates a file that must not exist, for appending. */
  create(path: string): number;
  /** Appends; returns how many bytes were taken, which may be fewer than given. */
  write(file: number, bytes: Uint8Array): number;
  rename(from: string, to: string): void;
  /** Removes a file; one that is not there is fine. */
  remove(path: string): void;
  close(file: number): void;
  /** Resolves when what was written has reached the disk. */
  sync(file: number): Promise<void>;
  /** Resolves when created, renamed and removed files of a folder have reached the disk. */
  syncFolder(path: string): Promise<void>;
}

const fdatasyncAsync = promisify(fdatasync);

/** The machine itself. */
export const realHost: Host = {
  bootId() {
    try {
      return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    } catch {
      return null;
    }
  },
  create: (path) => openSync(path, 'ax'),
  write: (file, bytes) => writeSync(file, bytes),
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
  close: closeSync,
  sync: (file) => fdatasyncAsync(file),
  async syncFolder(path) {
    // Windows cannot open a folder, and needs no sync of it.
    if (process.platform === 'win32') return;
    const folder = await open(path);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};
