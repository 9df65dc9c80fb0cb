// Puts the parts of another plan in place of those that run: opens what is new, and brings to an end what is left, without a gap between. The
// moment in which batches begin to take the new way is the graph's.
import type { ForebayError } from '../core/errors.ts';
import type { HeldPart, Leaving } from './leaving.ts';
import type { InputPart, OutputPart, PartMaker, Parts } from './parts.ts';

export class Replacement {
  readonly #running: Parts;
  readonly #maker: PartMaker;
  readonly #leaving: Leaving;
  readonly #held: HeldPart[] = [];
  #parts: Parts;
  /** Inputs that had to let go of what new ones listen on. */
  #stopped: Promise<void> | undefined;

  constructor(running: Parts, maker: PartMaker, leaving: Leaving) {
    this.#running = running;
    this.#maker = maker;
    this.#leaving = leaving;
    this.#parts = running;
  }

  get parts(): Parts {
    return this.#parts;
  }

  /** Makes and opens what is new; what it takes in is held until there are rules for it. Where that fails all is as before, and it rejects. */
  async open(): Promise<void> {
    await this.#leaving.room();
    try {
      this.#parts = this.#maker.make();
      for (const part of this.#newOutputs) {
        if (this.#leaving.holds(part, this.#goneOutputs)) {
          this.#held.push({ part, hold: part.node.hold() });
        } else {
          await part.output.start?.();
        }
      }
      for (const { filter } of this.#newFilters) {
        await filter.start?.();
      }
      await this.#openInputs();
    } catch (error) {
      await this.#undo(error as Error);
      throw error;
    }
  }

  /** The new parts have taken over: what is left may end. */
  finish(): void {
    this.#leaving.add({
      inputs: this.#goneInputs,
      filters: this.#running.filters.filter((part) => !this.#parts.filters.includes(part)),
      outputs: this.#goneOutputs,
      held: this.#held,
    });
  }

  get #newOutputs(): OutputPart[] {
    return this.#parts.outputs.filter((part) => !this.#running.outputs.includes(part));
  }

  get #newFilters(): Parts['filters'] {
    return this.#parts.filters.filter((part) => !this.#running.filters.includes(part));
  }

  get #goneOutputs(): OutputPart[] {
    return this.#running.outputs.filter((part) => !this.#parts.outputs.includes(part));
  }

  get #goneInputs(): InputPart[] {
    return this.#running.inputs.filter(({ input }) => !this.#parts.inputs.some((part) => part.input === input));
  }

  async #openInputs(): Promise<void> {
    const { inputs } = this.#parts;
    const taken: number[] = [];
    for (const [index, part] of inputs.entries()) {
      if (!this.#runs(part)) {
        try {
          await part.input.start();
        } catch (error) {
          if (!isTaken(error) || this.#goneInputs.length === 0) {
            throw error;
          }
          // By one that is to go, most likely.
          await part.input.stop(AbortSignal.abort());
          taken.push(index);
        }
      }
    }
    if (taken.length > 0) {
      const signal = this.#leaving.deadline();
      this.#stopped = Promise.all(this.#goneInputs.map(({ input }) => input.stop(signal))).then(() => undefined);
      for (const index of taken) {
        await this.#openAgain(inputs, index, this.#stopped);
      }
    }
  }

  /** Tries once more with what listened there gone: at once, and if need be when its connections are too. */
  async #openAgain(inputs: InputPart[], index: number, stopped: Promise<void>): Promise<void> {
    for (const wait of [Promise.resolve(), stopped]) {
      await wait;
      const before = inputs[index] as InputPart;
      const part = this.#maker.newInput(before.planned, before);
      inputs[index] = part;
      try {
        await part.input.start();
        return;
      } catch (error) {
        if (!isTaken(error) || wait === stopped) {
          throw error;
        }
        await part.input.stop(AbortSignal.abort());
      }
    }
  }

  /** Closes what was opened, and opens again what had to let go. */
  async #undo(error: Error): Promise<void> {
    // Where making failed, what was made before it is what there is to close.
    this.#parts = this.#parts === this.#running ? this.#maker.made : this.#parts;
    const signal = AbortSignal.abort();
    for (const part of this.#parts.inputs.filter((each) => !this.#runs(each))) {
      part.held.fail(error);
      await part.input.stop(signal);
    }
    await Promise.all([
      ...this.#newFilters.map(({ filter }) => filter.stop?.(signal)),
      ...this.#newOutputs.map(({ output }) => output.stop(signal)),
    ]);
    if (this.#stopped !== undefined) {
      await this.#stopped;
      for (const part of this.#goneInputs) {
        const again = this.#maker.newInput(part.planned, part);
        again.target.emit = part.target.emit;
        again.held.release(part.target.emit);
        this.#running.inputs[this.#running.inputs.indexOf(part)] = again;
        await again.input.start().catch((reason: unknown) => this.#leaving.failed(again.id, again.input, reason));
      }
    }
  }

  #runs(part: InputPart): boolean {
    return this.#running.inputs.some(({ input }) => input === part.input);
  }
}

function isTaken(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException | ForebayError;
  return code === 'PORT_IN_USE' || code === 'EADDRINUSE';
}
