// CowCard: who she is, as far as the register knows.
import { format, words } from "../settings";
import type { Animal } from "../wire";
import { daysSince } from "./names";

export function CowCard({ animal, now }: { animal: Animal; now: number }) {
  const said = words.value;
  const f = format.value;
  const { card } = said;
  const rows: [string, string][] = [[card.id, animal.external_id ?? card.none]];
  if (animal.group !== null) rows.push([card.group, animal.group]);
  if (animal.calved_at !== null) {
    const days = said.inMilk(daysSince(animal.calved_at, now));
    rows.push([card.calved, `${f.day(Date.parse(animal.calved_at))}, ${days}`]);
  }
  if (animal.parity !== null) rows.push([card.lactation, said.lactation(animal.parity)]);
  rows.push([card.collar, animal.collar_id ?? card.none]);
  const heard = animal.last_heard_at;
  rows.push([card.heard, heard === null ? card.never : f.since(Date.parse(heard), now)]);
  return (
    <section class="panel">
      <header>
        <h2>{said.cowCard}</h2>
      </header>
      <div class="pad">
        <dl class="kv">
          {rows.map(([term, value]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}
