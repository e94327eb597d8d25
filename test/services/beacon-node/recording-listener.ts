import type { BeaconNodeError, HeadEvent, HeadStreamListener } from '../../../machines/ports.js';

/** Keeps everything that a head stream tells. */
export class RecordingListener implements HeadStreamListener {
  readonly log: string[] = [];
  readonly heads: HeadEvent[] = [];
  readonly malformedEvents: BeaconNodeError[] = [];
  readonly closes: BeaconNodeError[] = [];
  opens = 0;
  onHead: () => void = () => undefined;

  opened(): void {
    this.opens++;
    this.log.push('opened');
  }
  alive(): void {
    this.log.push('alive');
  }
  head(head: HeadEvent): void {
    this.log.push('head');
    this.heads.push(head);
    this.onHead();
  }
  malformed(error: BeaconNodeError): void {
    this.log.push('malformed');
    this.malformedEvents.push(error);
  }
  closed(error: BeaconNodeError): void {
    this.log.push('closed');
    this.closes.push(error);
  }
}
