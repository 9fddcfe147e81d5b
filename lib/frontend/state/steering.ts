import type { SteerAnswer, SteerRequest } from '../../server/api';
import { Signal } from './signal';

/** The state and result of steering. It is kept while other tabs are shown. */
export interface Steering extends Required<Pick<SteerRequest, 'maxNewTokens' | 'freezeAttention'>> {
  readonly slug: string;
  /** The factor by box key. */
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
