import type { AdviceByCondition } from "./advice";

export const esAdvice: AdviceByCondition = {
  hypothermia: {
    may: "fiebre de leche, pérdida de sangre o una fase tardía de enfermedad",
    steps: [
      "Ir a verla: ¿está de pie, tiene las orejas frías?",
      "Tomarle la temperatura a mano.",
      "Recién parida o caída: llamar al veterinario.",
    ],
    right: "está demasiado fría",
  },
  feeding_drop: {
    may: "cojera, dolor en la boca, el alimento o el comienzo de una enfermedad",
    steps: ["Ver si acude al alimento fresco.", "Mirar boca, patas y flanco izquierdo."],
    right: "come menos de lo debido",
  },
  drinking_stopped: {
    may: "un bebedero roto, un paso cerrado o una enfermedad",
    steps: ["Ver si corre agua donde está.", "Ofrecerle un cubo.", "Tomarle la temperatura."],
    right: "no bebió o no tenía agua",
  },
  no_water: {
    may: "una tubería helada o rota, la bomba o una llave cerrada",
    steps: [
      "Vaya a ver si se llenan los bebederos.",
      "Revise bomba, llave y tuberías.",
      "Lleve agua hasta que corra.",
    ],
    right: "no tenían agua",
  },
  illness: {
    may: "una infección, una enfermedad digestiva o dolor",
    steps: [
      "Mirarla en el comedero: apetito, flanco izquierdo, patas.",
      "Temperatura, ubre y cetonas.",
    ],
    right: "estaba enferma",
  },
  mastitis: {
    may: "una ubre inflamada",
    steps: [
      "Ordeñar a mano los cuatro cuartos: grumos, color, calor, hinchazón.",
      "Tomarle la temperatura.",
      "Fría o echada con un cuarto duro: llamar ya al veterinario.",
    ],
    right: "la ubre estaba inflamada",
  },
  metritis: {
    may: "una matriz inflamada tras el parto",
    steps: [
      "Mirar y oler el flujo.",
      "Tomarle la temperatura.",
      "Fétido y con fiebre: llamar al veterinario.",
    ],
    right: "la matriz estaba inflamada",
  },
  ketosis: {
    may: "cetosis",
    steps: ["Medir cetonas en sangre, leche u orina.", "Escuchar también el lado izquierdo."],
    right: "tenía las cetonas altas",
  },
  displaced_abomasum: {
    may: "un abomaso desplazado o una cetosis grave",
    steps: ["Escuchar a ambos lados si suena metálico.", "Suena o no come: llamar al veterinario."],
    right: "el abomaso estaba desplazado",
  },
  calving: {
    may: "un parto en las próximas horas",
    steps: ["Llevarla al paridero.", "Mirarla cada dos horas: bolsa, aguas, patas."],
    right: "parió",
  },
  calving_prolonged: {
    may: "un ternero mal colocado, gemelos o una vaca sin fuerzas",
    steps: ["Ir ahora.", "Dos horas desde la bolsa sin avance: palpar, llamar al veterinario."],
    right: "necesitó ayuda",
  },
  lameness: {
    may: "una pezuña o una articulación dolorida",
    steps: ["Verla andar en suelo firme: lomo, cabeza, paso.", "Ponerla en la lista de recorte."],
    right: "cojea",
  },
  down: {
    may: "fiebre de leche, una lesión o agotamiento",
    steps: [
      "Ir ahora: ¿puede levantarse?",
      "Apoyarla sobre el pecho, suelo blando, agua.",
      "Llamar al veterinario.",
    ],
    right: "no podía levantarse",
  },
  heat_stress: {
    may: "aire demasiado cálido y húmedo para el rebaño",
    steps: [
      "Ventiladores y aspersores, sombra, agua fresca.",
      "Alimentar en horas frescas, no mover animales.",
    ],
    right: "el rebaño tenía demasiado calor",
  },
  predator_panic: {
    may: "un lobo o perro, una tormenta o personas entre ellas",
    steps: [
      "Mirar el rebaño ahora, con luz y sin ir solo.",
      "Contarlas, buscar heridas y cercas rotas.",
    ],
    right: "algo las persiguió",
  },
  geofence_escape: {
    may: "una cerca rota o una puerta abierta",
    steps: [
      "Buscar donde se la vio por última vez.",
      "Carretera cerca: avisar a la policía.",
      "Reparar la cerca por donde salió.",
    ],
    right: "estaba fuera",
  },
  theft: {
    may: "animales que alguien se lleva",
    steps: ["Llamar ya a la policía y decir el lugar.", "No ir solo."],
    right: "se la llevaron, o iba en un vehículo",
  },
  collar_fault: {
    may: "un collar mal puesto, un sensor atascado o agua dentro",
    steps: ["Ver si el collar está bien puesto.", "Reiniciarlo o ponerle otro."],
    right: "fallaba el collar",
  },
  battery_low: {
    may: "",
    steps: ["Cambiar la batería o el collar en el próximo ordeño."],
    right: "la batería estaba agotada",
  },
  station_silent: {
    may: "falta de corriente o de red en la caja de radio",
    steps: ["Mirar su luz: ¿está encendida?", "Revisar enchufe y cable, reiniciarla."],
    right: "la caja de radio estaba apagada",
  },
  herd_outbreak: {
    may: "una infección que se extiende o alimento en mal estado",
    steps: [
      "Mirar los animales con un caso, corral por corral.",
      "Apartar los enfermos, no mover a nadie.",
      "Llamar al veterinario.",
    ],
    right: "varias estaban enfermas por una causa",
  },
};
