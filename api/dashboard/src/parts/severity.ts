// Severity as shape, word and colour: the one place that knows which belongs to which priority.
import type { Priority } from "../wire";

const SHORT: Record<Priority, string> = {
  critical: "crit",
  urgent: "urg",
  normal: "norm",
  informational: "info",
};

/** "crit", or with a prefix "dev-crit". */
export function severityClass(priority: Priority, prefix?: string): string {
  return prefix ? `${prefix}-${SHORT[priority]}` : SHORT[priority];
}
