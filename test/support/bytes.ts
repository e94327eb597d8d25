import { Session, type Runtime } from 'node:inspector';

const HOLDER = Symbol.for('ssv-duty-scheduler.test.bytes');

/**
 * Bytes of all array buffers that an object holds, through its private fields too: each buffer once and whole, so that
 * a small view on a large buffer counts as what it keeps alive.
 */
export function bufferBytesOf(held: object): number {
  const global = globalThis as { [HOLDER]?: object };
  const session = new Session();
  session.connect();
  try {
    global[HOLDER] = held;
    const found = new Set<ArrayBufferLike>();
    const seen = new Set<object>();
    const visit = (objectId: Runtime.RemoteObjectId) => {
      const value = valueOf(session, objectId, global);
      if (seen.has(value)) return;
      seen.add(value);
      if (ArrayBuffer.isView(value)) return void found.add(value.buffer);
      for (const inner of propertiesOf(session, objectId)) visit(inner);
    };
    visit(evaluate(session, `globalThis[Symbol.for(${JSON.stringify(HOLDER.description)})]`));
    return [...found].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  } finally {
    delete global[HOLDER];
    session.disconnect();
  }
}

// A session of our own thread answers at once.
function evaluate(session: Session, expression: string): Runtime.RemoteObjectId {
  let objectId: Runtime.RemoteObjectId | undefined;
  session.post('Runtime.evaluate', { expression }, (_error, answer) => (objectId = answer.result.objectId));
  if (objectId === undefined) throw new Error(`no object: ${expression}`);
  return objectId;
}

function propertiesOf(session: Session, objectId: Runtime.RemoteObjectId): Runtime.RemoteObjectId[] {
  const inner: Runtime.RemoteObjectId[] = [];
  session.post('Runtime.getProperties', { objectId, ownProperties: true }, (_error, answer) => {
    // The types of Node leave private properties out.
    const { result, privateProperties = [] } = answer as typeof answer & { privateProperties?: typeof answer.result };
    for (const { name, value } of [...result, ...privateProperties]) {
      if (value?.objectId !== undefined && value.type === 'object' && name !== '__proto__') inner.push(value.objectId);
    }
  });
  return inner;
}

function valueOf(session: Session, objectId: Runtime.RemoteObjectId, global: { [HOLDER]?: object }): object {
  const before = global[HOLDER];
  const functionDeclaration = `function () { globalThis[Symbol.for(${JSON.stringify(HOLDER.description)})] = this; }`;
  session.post('Runtime.callFunctionOn', { objectId, functionDeclaration });
  const value = global[HOLDER]!;
  global[HOLDER] = before;
  return value;
}
