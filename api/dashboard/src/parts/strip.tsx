// AppFrame, NavBar and StatusStrip with its LiveChip: always visible, never lying.
import type { ComponentChildren } from "preact";
import { isUrgent } from "../board";
import { farmMinute } from "../clock";
import type { ChipKind } from "../live/chip";
import { goBack, route } from "../route";
import type { Language } from "../settings";
import { format, LANGUAGES, language, nextTheme, setLanguage, theme, words } from "../settings";
import { changeFarm, chip, farm, farms, view } from "../store";
import { Icon } from "./marks";

const CHIP_ICONS: Record<ChipKind, string> = {
  live: "pulse",
  reconnecting: "sync",
  offline: "offline",
  stale: "silent",
  loading: "sync",
  catching: "sync",
};

export function LiveChip() {
  const { kind, ageMs } = chip.value;
  const said = words.value.chip;
  const age = ageMs === null ? (kind === "live" ? said.noReading : "") : format.value.age(ageMs);
  return (
    <span class={`live is-${kind === "catching" ? "stale" : kind}`} data-chip={kind}>
      <svg class={kind === "live" ? "i ok" : "i"} aria-hidden="true">
        <use href={`#i-${CHIP_ICONS[kind]}`} />
      </svg>
      <span role="status">{said[kind]}</span>
      {age ? <b class="age">{age}</b> : null}
    </span>
  );
}

export function Strip({ title, back }: { title?: string; back?: boolean }) {
  const said = words.value;
  const name = farm.value?.name ?? farm.value?.farm_id ?? said.title;
  const day = format.value.day(farmMinute.value);
  return (
    <div class="strip frame">
      <div class="farm">
        {back ? (
          <button class="iconbtn backbtn" type="button" aria-label={said.back} onClick={goBack}>
            <Icon name="back" />
          </button>
        ) : (
          <span class="logo phoneonly">
            <Icon name="tag" />
          </span>
        )}
        <span>
          {title ?? <FarmName name={name} />} <small>{title === undefined ? day : name}</small>
        </span>
      </div>
      <LiveChip />
      <LanguageButton />
      <button
        class="iconbtn"
        type="button"
        aria-label={said.changeTheme(said.theme[theme.value])}
        title={said.theme[theme.value]}
        onClick={nextTheme}
      >
        <Icon name={theme.value === "dark" ? "moon" : theme.value === "auto" ? "auto" : "sun"} />
      </button>
    </div>
  );
}

function FarmName({ name }: { name: string }) {
  const known = farms.value ?? [];
  if (known.length < 2) return <>{name}</>;
  return (
    <select
      class="farmpick"
      aria-label={words.value.chooseFarm}
      value={farm.value?.farm_id ?? ""}
      onChange={(event) => changeFarm(event.currentTarget.value)}
    >
      {known.map((one) => (
        <option value={one.farm_id}>{one.name ?? one.farm_id}</option>
      ))}
    </select>
  );
}

function LanguageButton() {
  return (
    <label class="iconbtn lang">
      <span class="vh">{words.value.changeLanguage}</span>
      <span aria-hidden="true">{language.value.toUpperCase()}</span>
      <select
        value={language.value}
        onChange={(event) => void setLanguage(event.currentTarget.value as Language)}
      >
        {Object.entries(LANGUAGES).map(([code, one]) => (
          <option value={code} lang={code}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
}

export function NavBar() {
  const said = words.value;
  const urgent = view.value.cases.filter(({ alert }) => isUrgent(alert.priority)).length;
  const onNow = route.value.screen === "now";
  return (
    <nav class="nav" aria-label={said.main}>
      <a class="brand" href="/now" aria-label={said.title}>
        <Icon name="tag" />
        <span>{said.title}</span>
      </a>
      <a href="/now" {...(onNow ? { "aria-current": "page" as const } : {})}>
        <Icon name="board" />
        <span>{said.now}</span>
        {!onNow && urgent > 0 ? (
          <span class="badge">
            {urgent}
            <span class="vh"> {said.urgentCount}</span>
          </span>
        ) : null}
      </a>
    </nav>
  );
}

export function AppFrame({ children }: { children: ComponentChildren }) {
  return (
    <div class="app">
      <a class="skip" href="#main">
        {words.value.skip}
      </a>
      <NavBar />
      <div class="page">{children}</div>
    </div>
  );
}
