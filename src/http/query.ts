import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { HttpRefusal } from './refusal.js';

/** Reads a query by its schema, which should be strict. @throws HttpRefusal (400) that names what is wrong */
export function readQuery<T>(request: FastifyRequest, schema: z.ZodType<T>): T {
  const result = schema.safeParse(request.query);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new HttpRefusal(400, path.length === 0 ? message : `${path.join('.')}: ${message}`);
}
