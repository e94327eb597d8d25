import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RealClock } from '../../../services/clock/real-clock.js';
import { openDataDirectory } from '../../../services/data-directory/data-directory.js';
import { root, testChain } from '../../support/chain.js';
import { CHAIN, claimOf, clockAt, handOver, open, refusalOf } from './opening.js';
import { temporaryFolder } from './temporary-folder.js';

describe('the path', () => {
  it('is created with the folders above it', async () => {
    const path = join(await temporaryFolder(), 'a', 'b');
    const directory = await open(path, clockAt(7));
    expect((await stat(join(path, 'state'))).isDirectory()).toBe(true);
    expect(directory.recordFromSlot).toBe(7);
    expect(directory.writable).toBe(true);
  });

  it('is refused by name where it is a file, or below one', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    expect(await refusalOf(file)).toBe(`--data-dir ${file}: it is a file, not a folder`);
    expect(await refusalOf(join(file, 'x'))).toBe(
      `--data-dir ${join(file, 'x')}: a part of the path is a file, not a folder`,
    );
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('is refused without permission', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'closed'), { mode: 0o500 });
    expect(await refusalOf(join(folder, 'closed', 'data'))).toMatch(/--data-dir .*: no permission/);
  });

  it('is refused where its store cannot be opened', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'state'), '');
    expect(await refusalOf(folder)).toMatch(`--data-dir ${folder}: its folder state cannot be opened`);
  });

  it('is refused with the way out where its store is damaged', async () => {
    const folder = await temporaryFolder();
    await (await open(folder, clockAt(7))).close();
    await writeFile(join(folder, 'state', 'CURRENT'), 'garbage');
    expect(await refusalOf(folder)).toMatch(/the state store is damaged .*move its folder state away/);
  });

  it('keeps files of others', async () => {
    const folder = await temporaryFolder();
    const others = ['notes.txt', 'journal-x.jsonl', 'journal-007.jsonl', 'journal-5.jsonl.bak', 'x.opening'];
    for (const file of others) await writeFile(join(folder, file), 'mine');
    const directory = await open(folder, clockAt(7));
    await directory.close();
    for (const file of others) expect(await readFile(join(folder, file), 'utf8')).toBe('mine');
    expect(directory.findings.map(({ level }) => level)).toEqual(['info']);
  });
});

describe('one chain', () => {
  const others = {
    'genesis validators root': testChain({ genesisValidatorsRoot: root(1) }),
    'genesis time': testChain({ genesisTimeMs: CHAIN.genesisTimeMs + 1000 }),
    'slot time': testChain({ slotDurationMs: 6000 }),
    'slots per epoch': testChain({ slotsPerEpoch: 32 }),
  };

  it.each(Object.entries(others))('another %s is refused, and the directory stays what it is', async (_, chain) => {
    const folder = await temporaryFolder();
    await (await open(folder, clockAt(7))).close();
    const refusal = await refusalOf(folder, { chain });
    expect(refusal).toMatch(`--data-dir ${folder} belongs to another chain (genesis validators root ${root(999)}`);
    expect(refusal).toMatch('genesis time 1600000000, 12 s slots, 8 slots per epoch');
    await (await open(folder, clockAt(7))).close();
  });

  it('the journal tells too, where the store was lost', async () => {
    const folder = await temporaryFolder();
    await (await open(folder, clockAt(7))).close();
    await rm(join(folder, 'state'), { recursive: true });
    expect(await refusalOf(folder, { chain: others['slot time'] })).toMatch('belongs to another chain');
    await open(folder, clockAt(7));
  });

  it('the store tells too, where the journal was removed', async () => {
    const folder = await temporaryFolder();
    await (await open(folder, clockAt(7))).close();
    await rm(join(folder, 'journal-7.jsonl'));
    expect(await refusalOf(folder, { chain: others['slot time'] })).toMatch('belongs to another chain');
    expect((await open(folder, clockAt(9))).recordFromSlot).toBe(9);
  });

  it('later forks and other lengths of no meaning to the journal do not matter', async () => {
    const folder = await temporaryFolder();
    await (await open(folder, clockAt(7))).close();
    const chain = testChain({ forkEpochs: { gloas: 9 }, depositChainId: 1 });
    await open(folder, clockAt(7), { chain });
  });
});

describe('one process', () => {
  it('a second opener in the same process is refused until the first has closed', async () => {
    const folder = await temporaryFolder();
    const first = await open(folder, clockAt(7));
    expect(await refusalOf(folder)).toBe(`--data-dir ${folder} is in use by another process`);
    await first.close();
    await open(folder, clockAt(7));
  });

  it('another process is heeded while it lives, and forgotten when it is killed', async () => {
    const folder = await temporaryFolder();
    await (await open(folder, clockAt(7))).close();
    const holder = `
      import { ClassicLevel } from ${JSON.stringify(import.meta.resolve('classic-level'))};
      await new ClassicLevel(${JSON.stringify(join(folder, 'state'))}).open();
      console.log('held');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', holder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    expect(await refusalOf(folder)).toBe(`--data-dir ${folder} is in use by another process`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await open(folder, clockAt(7));
  });

  it('a refused journal lets the lock go', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'journal-3.jsonl');
    await writeFile(file, '{"type":"journal-opened","time":1,"slot":3,"version":2}\n');
    expect(await refusalOf(folder)).toMatch(`${file} is of journal version 2`);
    await rm(file);
    await open(folder, clockAt(7));
  });
});

describe('closing', () => {
  it('leaves no timer and no file behind, and may be repeated', async () => {
    const folder = await temporaryFolder();
    const clock = clockAt(7);
    const directory = await open(folder, clock);
    handOver(directory, claimOf('attester', 7, 1));
    await Promise.all([directory.close(), directory.close()]);
    expect(clock.pending).toBe(0);
    const files = await readdir(folder);
    handOver(directory, claimOf('attester', 15, 1));
    await new Promise((resolve) => setImmediate(resolve));
    expect(await readdir(folder)).toEqual(files);
    expect(clock.pending).toBe(0);
  });

  it('lets the process end on the real clock', async () => {
    const folder = await temporaryFolder();
    const directory = await openDataDirectory({ path: folder, chain: CHAIN, clock: new RealClock() });
    handOver(directory, claimOf('attester', 7, 1));
    const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    await directory.close();
    const after = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    expect(after).toBe(before - 1);
  });
});
