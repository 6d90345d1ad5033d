-- table demo.app.tbl_ContactNumber: ContactPointer INT64, ObjectPointer INT64, ContactType INT64, IsMain BOOL, AreaCode STRING, ContactNumber STRING, Extension STRING, InternationalCode STRING, Notes STRING, DoNotCall BOOL
-- table demo.app_staging.tbl_ContactNumber__RUN: _plimsoll_op STRING, ContactPointer INT64, ObjectPointer INT64, ContactType INT64, IsMain BOOL, AreaCode STRING, ContactNumber STRING, Extension STRING, InternationalCode STRING, Notes STRING, DoNotCall BOOL
MERGE `demo.app.tbl_ContactNumber` AS T
USING `demo.app_staging.tbl_ContactNumber__RUN` AS S
ON T.`ContactPointer` = S.`ContactPointer` AND T.`ContactPointer` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`ObjectPointer` = S.`ObjectPointer`, T.`ContactType` = S.`ContactType`, T.`IsMain` = S.`IsMain`, T.`AreaCode` = S.`AreaCode`, T.`ContactNumber` = S.`ContactNumber`, T.`Extension` = S.`Extension`, T.`InternationalCode` = S.`InternationalCode`, T.`Notes` = S.`Notes`, T.`DoNotCall` = S.`DoNotCall`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`ContactPointer`, `ObjectPointer`, `ContactType`, `IsMain`, `AreaCode`, `ContactNumber`, `Extension`, `InternationalCode`, `Notes`, `DoNotCall`) VALUES (S.`ContactPointer`, S.`ObjectPointer`, S.`ContactType`, S.`IsMain`, S.`AreaCode`, S.`ContactNumber`, S.`Extension`, S.`InternationalCode`, S.`Notes`, S.`DoNotCall`)
