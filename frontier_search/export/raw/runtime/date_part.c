/* The month (0), day (1), day of the week (2) or hour (3) of days since 1970; 0 if they are not a
   number. */
P_APART static int P_date_part(double days, int part)
{
    if (days != days)
        return 0;
    int32_t day = (int32_t)days;
    float rest = (float)(days - (double)day);
    if (rest < 0) {
        day--;
        rest = rest + 1.0f;
    }
    if (part == 3) /* the sum is for hours that end in a rounding: 14 milliseconds */
        return (int)(rest * 24.0f + 4e-6f);
    if (part == 2)
        return (int)(((day + 3) % 7 + 7) % 7); /* 1 January 1970 was a Thursday */
    /* years that begin in March, in eras of 400 years: a leap day is then the last of its year */
    int32_t shifted = day + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int32_t in_era = shifted - era * 146097;
    int32_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int32_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int32_t month = (5 * in_year + 2) / 153;
    if (part)
        return (int)(in_year - (153 * month + 2) / 5 + 1);
    return (int)(month < 10 ? month + 3 : month - 9);
}
