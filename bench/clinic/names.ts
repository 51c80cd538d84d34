/** First and family names; the more common ones come first. */
import type { Chance } from "./chance.ts";

export const firstNames = (
  "maria james ana robert linda david sofia michael emma daniel olivia carlos grace thomas priya kevin hannah omar lucy " +
  "peter chloe samuel nina victor alice martin leila jonas ruth diego clara ethan mei isaac paula felix rosa adam julia " +
  "henry tara simon noor bruno elena frank ivy george kate louis mona nathan opal quinn rachel stefan uma walter yara zoe"
).split(" ");

export const familyNames = (
  "smith johnson garcia williams brown martinez jones rodriguez davis miller hernandez lopez wilson anderson thomas moore " +
  "taylor jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson walker young allen king " +
  "wright scott torres nguyen hill flores green adams nelson baker hall rivera campbell mitchell carter roberts gomez " +
  "phillips evans turner diaz parker cruz edwards collins reyes stewart morris morales murphy cook rogers gutierrez ortiz " +
  "morgan cooper peterson bailey reed kelly howard ramos kim cox ward richardson watson brooks chavez wood james bennett " +
  "gray mendoza ruiz hughes price alvarez castillo sanders patel myers long ross foster jimenez powell jenkins perry " +
  "russell sullivan bell coleman butler henderson barnes gonzales fisher vasquez simmons romero jordan patterson alexander " +
  "hamilton graham reynolds griffin wallace moreno west cole hayes bryant herrera gibson ellis tran medina aguilar stevens " +
  "murray ford castro marshall owens harrison fernandez mcdonald woods washington kennedy wells vargas henry chen freeman " +
  "webb tucker guzman burns crawford olson simpson porter hunter gordon mendez silva shaw snyder mason dixon munoz hunt " +
  "hicks holmes palmer wagner black robertson boyd rose stone salazar fox warren mills meyer rice schmidt garza daniels " +
  "ferguson nichols stephens soto weaver ryan gardner payne grant dunn kelley spencer hawkins arnold pierce vazquez hansen " +
  "peters santos hart bradley knight elliott cunningham duncan armstrong hudson carroll lane riley andrews alvarado ray " +
  "delgado berry perkins hoffman johnston matthews pena richards contreras willis carpenter lawrence sandoval guerrero"
).split(" ");

/** A family name: the commonest a few times in a thousand, the others ever more rarely. */
export function familyName(chance: Chance): string {
  return familyNames[Math.floor(chance.next() ** 1.35 * familyNames.length)] as string;
}
