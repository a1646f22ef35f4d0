// What a condition may be, what to do now, what "right" means: by condition, in one language.

export interface Advice {
  /** Likely causes, never one diagnosis; "" where the condition names its cause itself. */
  may: string;
  /** What to do now, the first thing first. */
  steps: string[];
  /** What whoever closes the case as right says with it. */
  right: string;
}

export type AdviceByCondition = Record<string, Advice>;
