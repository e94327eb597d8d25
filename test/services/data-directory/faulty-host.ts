import { realHost, type Host } from '../../../services/data-directory/host.js';

/** A machine whose disk fills up, whose syncs fail, and that can be booted again. */
export class FaultyHost implements Host {
  /** Bytes that the disk still takes. */
  space = Infinity;
  syncFails = false;
  renameFails = false;
  boot: string | null = 'first boot';
  /** Files open now. */
  readonly open = new Set<number>();
  /** Most syncs that were under way at the same time. */
  mostSyncs = 0;
  syncs = 0;
  attempts = 0;
  /** Syncs under way. */
  syncing = 0;
  /** Syncs end only after this. */
  held: Promise<void> = Promise.resolve();

  bootId(): string | null {
    return this.boot;
  }

  create(path: string): number {
    this.attempts++;
    const file = realHost.create(path);
    this.open.add(file);
    return file;
  }

  write(file: number, bytes: Uint8Array): number {
    if (this.space === 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const taken = realHost.write(file, bytes.subarray(0, Math.min(bytes.length, this.space)));
    this.space -= taken;
    return taken;
  }

  rename(from: string, to: string): void {
    if (this.renameFails) throw new Error('renaming failed');
    realHost.rename(from, to);
  }

  remove(path: string): void {
    realHost.remove(path);
  }

  close(file: number): void {
    realHost.close(file);
    this.open.delete(file);
  }

  async sync(file: number): Promise<void> {
    this.syncs++;
    this.syncing++;
    this.mostSyncs = Math.max(this.mostSyncs, this.syncing);
    try {
      await this.held;
      await realHost.sync(file);
      if (this.syncFails) throw new Error('EIO: i/o error, fdatasync');
    } finally {
      this.syncing--;
    }
  }

  syncFolder(path: string): Promise<void> {
    return realHost.syncFolder(path);
  }
}
