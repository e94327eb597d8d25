import { describe, expect, it } from 'vitest';
import { parseNodeAddress, requestTarget } from '../../../services/beacon-node/node-address.js';

describe('parseNodeAddress', () => {
  it('shows neither credentials nor query', () => {
    const address = parseNodeAddress('https://user:p%40ss%3Aword@node.example:5052/beacon/?apikey=hidden#part');
    expect(address.shown).toBe('https://node.example:5052/beacon');
    expect(address.authorization).toBe(`Basic ${Buffer.from('user:p@ss:word').toString('base64')}`);
    expect(requestTarget(address, '/eth/v1/x', 'a=1')).toBe('/beacon/eth/v1/x?a=1&apikey=hidden');
  });

  it('keeps a plain address plain', () => {
    const address = parseNodeAddress('http://127.0.0.1:5052/');
    expect(address.shown).toBe('http://127.0.0.1:5052');
    expect(address.authorization).toBeUndefined();
    expect(requestTarget(address, '/eth/v1/x', undefined)).toBe('/eth/v1/x');
  });

  it('takes a broken percent code in a password as it stands', () => {
    expect(parseNodeAddress('http://u:100%@h').authorization).toBe(`Basic ${Buffer.from('u:100%').toString('base64')}`);
  });

  it.each(['', 'localhost:5052', 'ftp://user:secret@host', 'http://', 'http://user:secret@host:99999'])(
    'refuses %j without repeating it',
    (text) => {
      let message = '';
      try {
        parseNodeAddress(text);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        message = String(error);
      }
      expect(message).toContain('beacon node address');
      expect(message).not.toContain('secret');
    },
  );
});
