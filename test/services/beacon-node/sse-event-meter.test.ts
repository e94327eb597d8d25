import { describe, expect, it } from 'vitest';
import { SseEventMeter } from '../../../services/beacon-node/sse-event-meter.js';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('SseEventMeter', () => {
  it.each(['\n', '\r', '\r\n'])('begins anew after an empty line ended by %j', (end) => {
    const meter = new SseEventMeter();
    const event = `event: head${end}data: 1234${end}${end}`;
    expect(meter.largestAfter(bytes(event.repeat(3)))).toBe('event: headdata: 1234'.length);
  });

  it.each(['\n', '\r', '\r\n'])('counts on through the lines of one event ended by %j', (end) => {
    const meter = new SseEventMeter();
    expect(meter.largestAfter(bytes(`data: 1${end}data: 2${end}data: 3`))).toBe(21);
  });

  it('counts on from chunk to chunk', () => {
    const meter = new SseEventMeter();
    meter.largestAfter(bytes('a'.repeat(600)));
    expect(meter.largestAfter(bytes('a'.repeat(600)))).toBe(1200);
    meter.largestAfter(bytes('\r'));
    expect(meter.largestAfter(bytes('\nb'))).toBe(1201);
    meter.largestAfter(bytes('\n'));
    meter.largestAfter(bytes('\n'));
    expect(meter.largestAfter(bytes('c'))).toBe(1);
  });
});
