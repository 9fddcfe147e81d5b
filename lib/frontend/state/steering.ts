import type { SteerAnswer, SteerRequest } from '../../server/api';
import { Signal } from './signal';

/** What is being steered and what came of it; stays while other tabs are looked at. */
export interface Steering extends Required<Pick<SteerRequest, 'maxNewTokens' | 'freezeAttention'>> {
  readonly slug: string;
  /** Factor by box key. */
  readonly chosen: Readonly<Record<string, number>>;
  readonly running: boolean;
  readonly problem: string;
  readonly result: SteerAnswer | null;
}

export function blankSteering(slug: string): Steering {
  return {
    slug,
    chosen: {},
    maxNewTokens: 10,
    freezeAttention: true,
    running: false,
    problem: '',
    result: null,
  };
}

export const steering = new Signal<Steering>(blankSteering(''));

export function setSteering(change: Partial<Steering>): void {
  steering.set({ ...steering.value, ...change });
}
