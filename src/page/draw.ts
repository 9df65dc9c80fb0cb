// Draws the histogram: bars by level, a lane for each feed, gaps hatched. Knows no time but the picture's.
import type { Gap, Picture } from './picture.ts';

export interface Inks {
  readonly error: string;
  readonly warn: string;
  readonly rest: string;
  readonly gap: string;
  readonly chosen: string;
}

export interface Chosen {
  readonly from: number;
  readonly to: number;
}

const between = 3;

/** `chosen` are bins; the canvas has `scale` pixels for each of the page's. */
export function draw(
  canvas: HTMLCanvasElement,
  picture: Picture,
  gaps: readonly Gap[],
  chosen: Chosen | undefined,
  inks: Inks,
): void {
  const scale = devicePixelRatio;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext('2d');
  if (pen === null || width === 0) {
    return;
  }
  pen.scale(scale, scale);
  const { length, lanes } = picture;
  const step = width / length;
  const lane = (height - between * (lanes.length - 1)) / Math.max(1, lanes.length);
  for (const gap of gaps) {
    const from = (gap.from / 1000 - picture.start) / picture.step;
    const to = (gap.to / 1000 - picture.start) / picture.step;
    if (to > 0 && from < length) {
      const left = Math.max(0, from * step);
      hatch(pen, left, Math.max(3, Math.min(width, to * step) - left), height, inks.gap);
    }
  }
  if (chosen !== undefined) {
    pen.globalAlpha = 0.18;
    pen.fillStyle = inks.chosen;
    pen.fillRect(chosen.from * step, 0, (chosen.to - chosen.from) * step, height);
    pen.globalAlpha = 1;
  }
  for (const [n, { counts }] of lanes.entries()) {
    const bottom = (n + 1) * lane + n * between;
    bars(pen, counts, length, step, bottom, lane, inks);
  }
}

function bars(
  pen: CanvasRenderingContext2D,
  counts: Float64Array,
  length: number,
  step: number,
  bottom: number,
  room: number,
  inks: Inks,
): void {
  let most = 1;
  for (let bin = 0; bin < length; bin++) {
    most = Math.max(most, totalOf(counts, bin));
  }
  const width = Math.max(1, step - (step > 4 ? 1 : 0));
  for (let bin = 0; bin < length; bin++) {
    let y = bottom;
    // Errors stand at the bottom, and are seen however few they are.
    for (const [kind, ink] of [inks.error, inks.warn, inks.rest].entries()) {
      const count = counts[bin * 3 + kind] as number;
      if (count > 0) {
        const size = Math.max(kind < 2 ? 2 : 1, (count / most) * (room - 3));
        pen.fillStyle = ink;
        pen.fillRect(bin * step, y - size, width, size);
        y -= size;
      }
    }
  }
}

export function totalOf(counts: Float64Array, bin: number): number {
  return (counts[bin * 3] as number) + (counts[bin * 3 + 1] as number) + (counts[bin * 3 + 2] as number);
}

function hatch(pen: CanvasRenderingContext2D, x: number, width: number, height: number, ink: string): void {
  pen.save();
  pen.beginPath();
  pen.rect(x, 0, width, height);
  pen.clip();
  pen.strokeStyle = ink;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let at = x - height; at < x + width; at += 5) {
    pen.moveTo(at, height);
    pen.lineTo(at + height, 0);
  }
  pen.stroke();
  pen.restore();
}
