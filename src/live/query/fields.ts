// The fields that every event has, beside those of its record.

export const ownFields = ['container', 'level', 'tag', 'source', 'feed', 'label', 'from', 'since', 'until'] as const;
export type OwnField = (typeof ownFields)[number];

export function isOwnField(name: string): name is OwnField {
  return (ownFields as readonly string[]).includes(name);
}

/** The word for an event that names no level. */
export const noLevel = 'none';
