import { describe, expect, test } from 'vitest';
import { JsonLines } from '../../../src/cli/output/json-lines.js';
import { line, STARTED } from './lines.js';

const LINE = line({ type: 'scheduler-stopped', reason: 'sigint' }, -3, 1_700_000_000_000);

describe('the event log on stdout', () => {
  test('is one JSON object per line', () => {
    const written: string[] = [];
    const lines = new JsonLines({ write: (text: string) => written.push(text) }, () => undefined);
    lines.write(STARTED);
    lines.write(LINE);
    expect(written).toHaveLength(2);
    expect(written[1]).toBe('{"time":1700000000000,"slot":-3,"type":"scheduler-stopped","reason":"sigint"}\n');
  });

  test('is not kept without end for a reader that does not read; what is lost is said', () => {
    const stream = { written: 0, writableLength: 0, write: () => (stream.written += 1) };
    const warnings: string[] = [];
    const lines = new JsonLines(stream, (message) => warnings.push(message));
    stream.writableLength = 65 * 1024 * 1024;
    lines.write(LINE);
    lines.write(LINE);
    expect(stream.written).toBe(0);
    expect(warnings).toHaveLength(1);
    stream.writableLength = 0;
    lines.write(LINE);
    lines.write(LINE);
    expect(stream.written).toBe(2);
    expect(warnings).toEqual([expect.stringContaining('is not read'), expect.stringContaining('2 lines')]);
  });
});
