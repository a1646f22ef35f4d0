import type { AdviceByCondition } from "./advice";

export const deAdvice: AdviceByCondition = {
  hypothermia: {
    may: "Milchfieber, Blutverlust oder eine späte Stufe einer Krankheit",
    steps: [
      "Zu ihr gehen: steht sie, sind die Ohren kalt?",
      "Temperatur mit der Hand messen.",
      "Frisch gekalbt oder festliegend: Tierarzt rufen.",
    ],
    right: "sie ist zu kalt",
  },
  feeding_drop: {
    may: "Lahmheit, Schmerzen im Maul, das Futter oder der Anfang einer Krankheit",
    steps: ["Sehen, ob sie zum frischen Futter kommt.", "Maul, Beine und linke Flanke ansehen."],
    right: "sie frisst zu wenig",
  },
  drinking_stopped: {
    may: "eine defekte Tränke, ein versperrter Weg oder eine Krankheit",
    steps: ["Sehen, ob bei ihr Wasser läuft.", "Einen Eimer anbieten.", "Temperatur messen."],
    right: "sie trank nicht oder hatte kein Wasser",
  },
  no_water: {
    may: "eine gefrorene oder kaputte Leitung, die Pumpe oder ein geschlossener Hahn",
    steps: [
      "Hingehen: laufen die Tränken nach?",
      "Pumpe, Hahn und Leitung prüfen.",
      "Wasser bringen, bis es läuft.",
    ],
    right: "sie hatten kein Wasser",
  },
  illness: {
    may: "eine Infektion, eine Verdauungsstörung oder Schmerzen",
    steps: [
      "Am Futter ansehen: Fresslust, linke Flanke, Beine.",
      "Temperatur messen, Euter prüfen, Ketone messen.",
    ],
    right: "sie war krank",
  },
  mastitis: {
    may: "ein entzündetes Euter",
    steps: [
      "Alle vier Viertel vormelken: Flocken, Farbe, Wärme, Schwellung.",
      "Temperatur messen.",
      "Kalt oder liegend mit hartem Viertel: sofort den Tierarzt rufen.",
    ],
    right: "das Euter war entzündet",
  },
  metritis: {
    may: "eine Gebärmutterentzündung nach der Kalbung",
    steps: [
      "Ausfluss ansehen und riechen.",
      "Temperatur messen.",
      "Übel riechend mit Fieber: Tierarzt rufen.",
    ],
    right: "die Gebärmutter war entzündet",
  },
  ketosis: {
    may: "Ketose",
    steps: ["Ketone in Blut, Milch oder Harn messen.", "Auch links auf Klingen abhören."],
    right: "die Ketone waren hoch",
  },
  displaced_abomasum: {
    may: "ein verlagerter Labmagen oder schwere Ketose",
    steps: ["Links und rechts auf Klingen abhören.", "Klingen oder kein Appetit: Tierarzt rufen."],
    right: "der Labmagen war verlagert",
  },
  calving: {
    may: "eine Kalbung in den nächsten Stunden",
    steps: ["In die Abkalbebox bringen.", "Alle zwei Stunden nachsehen: Blase, Wasser, Füße."],
    right: "sie hat gekalbt",
  },
  calving_prolonged: {
    may: "ein Kalb in falscher Lage, Zwillinge oder eine Kuh ohne Kraft",
    steps: [
      "Jetzt zu ihr gehen.",
      "Zwei Stunden seit der Blase ohne Fortschritt: nachfühlen, Tierarzt rufen.",
    ],
    right: "sie brauchte Hilfe",
  },
  lameness: {
    may: "eine kranke Klaue oder ein krankes Gelenk",
    steps: ["Auf festem Boden gehen sehen: Rücken, Kopf, Schritt.", "Auf die Klauenliste setzen."],
    right: "sie ist lahm",
  },
  down: {
    may: "Milchfieber, eine Verletzung oder Erschöpfung",
    steps: [
      "Jetzt zu ihr gehen: kann sie aufstehen?",
      "In Brustlage bringen, weicher Boden, Wasser.",
      "Tierarzt rufen.",
    ],
    right: "sie konnte nicht aufstehen",
  },
  heat_stress: {
    may: "zu warme und feuchte Luft für die Herde",
    steps: [
      "Lüfter und Berieselung an, Schatten, frisches Wasser.",
      "In kühlen Stunden füttern, keine Tiere umstallen.",
    ],
    right: "der Herde war zu warm",
  },
  predator_panic: {
    may: "Wolf oder Hund, ein Gewitter oder Menschen in der Herde",
    steps: [
      "Jetzt nach der Herde sehen, mit Licht, nicht allein.",
      "Zählen, nach Wunden und kaputten Zäunen suchen.",
    ],
    right: "etwas hat sie gejagt",
  },
  geofence_escape: {
    may: "ein kaputter Zaun oder ein offenes Tor",
    steps: [
      "Dort suchen, wo sie zuletzt war.",
      "Straße in der Nähe: Polizei warnen.",
      "Den Zaun dort flicken, wo sie hinausging.",
    ],
    right: "sie war draußen",
  },
  theft: {
    may: "Tiere, die weggefahren werden",
    steps: ["Jetzt die Polizei rufen und den Ort nennen.", "Nicht allein hingehen."],
    right: "sie wurde gestohlen oder gefahren",
  },
  collar_fault: {
    may: "ein verrutschtes Halsband, ein hängender Sensor oder Wasser darin",
    steps: ["Sehen, ob das Halsband richtig sitzt.", "Neu starten oder ihr ein anderes geben."],
    right: "das Halsband war schuld",
  },
  battery_low: {
    may: "",
    steps: ["Beim nächsten Melken Batterie oder Halsband tauschen."],
    right: "die Batterie war leer",
  },
  station_silent: {
    may: "kein Strom oder kein Netz am Funkkasten",
    steps: ["Nach der Lampe sehen: brennt sie?", "Stecker und Kabel prüfen, neu starten."],
    right: "der Funkkasten war aus",
  },
  herd_outbreak: {
    may: "eine Infektion, die sich ausbreitet, oder schlechtes Futter",
    steps: [
      "Die Tiere mit einem Fall ansehen, Gruppe für Gruppe.",
      "Kranke trennen, niemanden umstallen.",
      "Tierarzt rufen.",
    ],
    right: "mehrere waren aus einem Grund krank",
  },
};
