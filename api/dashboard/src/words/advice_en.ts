import type { AdviceByCondition } from "./advice";

export const enAdvice: AdviceByCondition = {
  hypothermia: {
    may: "milk fever, blood loss or a late stage of illness",
    steps: [
      "Go to her: is she up, are her ears cold?",
      "Take her temperature by hand.",
      "Calved lately or down: call the vet.",
    ],
    right: "she is too cold",
  },
  feeding_drop: {
    may: "lameness, pain in the mouth, the feed, or the begin of an illness",
    steps: ["See whether she comes to fresh feed.", "Look at mouth, legs and left flank."],
    right: "she eats less than she should",
  },
  drinking_stopped: {
    may: "a broken trough, a blocked way to it, or an illness",
    steps: [
      "See whether water runs where she stands.",
      "Offer her a bucket.",
      "Take her temperature.",
    ],
    right: "she did not drink, or had no water",
  },
  no_water: {
    may: "a frozen or broken pipe, a pump, or a closed valve",
    steps: [
      "Go and see whether the troughs fill.",
      "Look at pump, valve and pipes.",
      "Bring water until it runs.",
    ],
    right: "they had no water",
  },
  illness: {
    may: "an infection, a digestive illness, or pain",
    steps: [
      "Look at her at the feed: appetite, left flank, legs.",
      "Take her temperature, check the udder, measure ketones.",
    ],
    right: "she was ill",
  },
  mastitis: {
    may: "an inflamed udder",
    steps: [
      "Strip all four quarters: flakes, colour, heat, swelling.",
      "Take her temperature.",
      "A cold or lying cow with a hard quarter: call the vet now.",
    ],
    right: "the udder was inflamed",
  },
  metritis: {
    may: "an inflamed womb after calving",
    steps: [
      "Smell and look at the discharge.",
      "Take her temperature.",
      "Foul and feverish: call the vet.",
    ],
    right: "the womb was inflamed",
  },
  ketosis: {
    may: "ketosis",
    steps: ["Measure ketones in blood, milk or urine.", "Listen for a ping on the left side, too."],
    right: "her ketones were high",
  },
  displaced_abomasum: {
    may: "a displaced stomach, or severe ketosis",
    steps: [
      "Listen for a ping on the left and the right side.",
      "Ping or no appetite: call the vet.",
    ],
    right: "the stomach was displaced",
  },
  calving: {
    may: "calving within the next hours",
    steps: ["Bring her into the calving pen.", "Look at her every two hours: bag, water, feet."],
    right: "she calved",
  },
  calving_prolonged: {
    may: "a calf that lies badly, twins, or a cow without strength",
    steps: [
      "Go to her now.",
      "Two hours since the bag without progress: feel for the calf, call the vet.",
    ],
    right: "she needed help",
  },
  lameness: {
    may: "a sore claw or joint",
    steps: ["Watch her walk on firm ground: back, head, stride.", "Put her on the trimming list."],
    right: "she is lame",
  },
  down: {
    may: "milk fever, an injury, or exhaustion",
    steps: [
      "Go to her now: can she rise?",
      "Prop her up on her chest, soft ground, water.",
      "Call the vet.",
    ],
    right: "she could not rise",
  },
  heat_stress: {
    may: "too warm and humid air for the herd",
    steps: [
      "Fans and sprinklers on, shade, fresh water.",
      "Feed in the cool hours, move no animals.",
    ],
    right: "the herd was too warm",
  },
  predator_panic: {
    may: "a wolf or dog, a storm, or people among them",
    steps: [
      "Look at the herd now, with light, not alone.",
      "Count them, look for wounds and broken fences.",
    ],
    right: "something chased them",
  },
  geofence_escape: {
    may: "a broken fence or an open gate",
    steps: [
      "Look where she was seen last.",
      "Roads near: warn the police.",
      "Mend the fence where she left.",
    ],
    right: "she was outside",
  },
  theft: {
    may: "animals being driven away",
    steps: ["Call the police now and name the place.", "Do not go there alone."],
    right: "she was taken, or moved by a vehicle",
  },
  collar_fault: {
    may: "a slipped collar, a stuck sensor or water in it",
    steps: ["See whether the collar sits as it should.", "Restart it, or give her another one."],
    right: "the collar was at fault",
  },
  battery_low: {
    may: "",
    steps: ["Change the battery, or the collar, at the next milking."],
    right: "the battery was empty",
  },
  station_silent: {
    may: "no power or no network at the radio box",
    steps: ["Look at its lamp: is it on?", "Check plug and cable, start it again."],
    right: "the radio box was down",
  },
  herd_outbreak: {
    may: "an infection that spreads, or bad feed",
    steps: [
      "Look at the animals with a case, pen by pen.",
      "Keep ill ones apart, move nobody.",
      "Call the vet.",
    ],
    right: "several were ill of one cause",
  },
};
