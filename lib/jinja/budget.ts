import { TemplateError } from './errors';

/** Statements, loop turns and work on values that one rendering may take. The longest conversations need far fewer. */
const maxSteps = 2_000_000;
/** Characters that a template may write or make at once. */
const maxCharacters = 64 * 1024 * 1024;
/** Characters that filters, methods and comparisons read for one step. With it, a hostile template ends within seconds. */
const charactersPerStep = 64;

/** What one rendering may use. A hostile template ends with an error. */
export class Budget {
  #steps = 0;
  #characters = 0;

  spend(steps = 1): void {
    this.#steps += steps;
    if (this.#steps > maxSteps) throw new TemplateError(`The template takes more than ${maxSteps} steps.`);
  }

  room(characters: number): void {
    if (characters > maxCharacters)
      throw new TemplateError(`The template makes more than ${maxCharacters} characters.`);
    this.spend(Math.ceil(characters / 4096));
  }

  /** Work on text: its characters count together, however short the pieces are. */
  work(characters: number): void {
    this.#characters += characters;
    if (this.#characters < charactersPerStep) return;
    this.spend(Math.floor(this.#characters / charactersPerStep));
    this.#characters %= charactersPerStep;
  }
}

let running: Budget | undefined;

/** Render with a budget that {@link work} counts against. Rendering is synchronous, so there is one at a time. */
export function rendering<T>(budget: Budget, render: () => T): T {
  const before = running;
  running = budget;
  try {
    return render();
  } finally {
    running = before;
  }
}

/**
 * Count work on values. Functions below the statements have no scope at hand, so this finds the budget of the rendering.
 *
 * @param characters of text; an item of a list or dict counts as a step
 */
export function work(characters: number): void {
  running?.work(characters);
}

export const workPerItem = charactersPerStep;
