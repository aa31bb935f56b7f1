/** Which losses a comparison goes by. */

export const LOSS_CHOICES = ['auto', 'validation', 'training'] as const;
export type LossChoice = (typeof LOSS_CHOICES)[number];
