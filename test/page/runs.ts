// How often a property is tried: a third of the long form, which a search with SEED=random takes.

export function runs(long: number): number {
  return process.env['SEED'] === 'random' ? long : Math.ceil(long / 3);
}
